#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace libagent {

/// One question to a TCP server: connect, send, receive, close.
struct tcp_call {
  std::string host;  ///< An address, or a name to look up.
  std::uint16_t port = 0;
  std::string request;  ///< Sent as it is; may be empty.
  /// The answer ends after this text, which is part of it, or after so many bytes, whichever comes
  /// first. Empty and 0: it ends where the server closes.
  std::string response_until;
  std::size_t response_bytes = 0;
  std::size_t bytes_max = std::size_t{1} << 20U;  ///< A longer answer is an error.
  time_point deadline = time_point::max();        ///< For all of it; max: none.
  std::stop_token stop;                           ///< Closes the connection at once.
};

/// Waits for other programs, and for time to pass, without a thread for each: what an asynchronous
/// tool needs (see `make_async_tool`). Thousands of calls may be under way.
///
/// Every call is answered exactly once, also when this is destroyed meanwhile: with
/// `errc::cancelled`, before the destructor returns, unless a callback runs the destructor.
/// Callbacks run on the one thread that serves all calls: they must be quick and must neither block
/// nor throw; they may make further calls. Thread safety: any thread, also concurrently.
class async_net {
public:
  using exchange_done = std::function<void(expected<std::string>)>;
  using wait_done = std::function<void(expected<void>)>;

  async_net() = default;
  async_net(const async_net&) = delete;
  async_net& operator=(const async_net&) = delete;
  virtual ~async_net() = default;

  /// Begins an exchange and returns at once. `done` gets the answer, or an error that names host
  /// and port: errc::invalid_argument for a call that cannot be made, errc::unavailable when there
  /// is no connection to be had or it ended before the answer did, errc::deadline_exceeded,
  /// errc::cancelled, errc::too_large, errc::overloaded when too many are under way.
  virtual void exchange(tcp_call call, exchange_done done) = 0;

  /// Calls `done` once `length` has passed; at once when it is not positive. Errors:
  /// errc::cancelled, as soon as `stop` is requested; errc::overloaded.
  virtual void wait(duration length, std::stop_token stop, wait_done done) = 0;
};

}  // namespace libagent
