#pragma once

#include "libagent/adapters/owned_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <poll.h>
#include <string>

namespace libagent::lab {

/// What a `tcp_proxy` does to the bytes that pass through it.
enum class proxy_mode : std::uint8_t {
  pass,       ///< Nothing.
  cut,        ///< Resets all connections, and new ones as soon as they are accepted.
  stall,      ///< Passes nothing on, not even an end; all of it once the mode is another one.
  trickle,    ///< Passes a few bytes per interval on, in each direction.
  half_open,  ///< The server sees an end, the client an open connection into which it speaks in
              ///< vain; new ones do not reach the server. With the next mode such connections are
              ///< reset.
  one_way,    ///< What the client sends passes, the answers wait.
};

/// One connection through a `tcp_proxy`. Thread safety: none.
class proxy_link {
public:
  /// Both are non-blocking; `server` may still be connecting, or not be open in half-open mode.
  proxy_link(owned_descriptor client, owned_descriptor server);

  /// What to poll for in `mode`; the descriptor is -1 when there is nothing to wait for.
  [[nodiscard]] pollfd wanted_of_client(proxy_mode mode) const;
  [[nodiscard]] pollfd wanted_of_server(proxy_mode mode) const;

  /// Moves what can be moved without waiting. Returns whether the connection goes on; an error of
  /// one side resets both.
  bool pump(proxy_mode mode);

  /// How much may still be read in each direction until the next call.
  void set_budget(std::size_t bytes);

  [[nodiscard]] bool has_server() const { return server_.is_open(); }

  void close_server() { server_.reset(); }

  /// Ends both sides with a reset instead of an orderly end.
  void reset();

private:
  /// Bytes on their way from one side to the other.
  struct direction {
    std::string held;
    std::size_t budget = static_cast<std::size_t>(-1);
    bool has_ended = false;      // the side that sends has closed
    bool is_end_passed = false;  // and the other side was told

    [[nodiscard]] bool can_read() const { return held.empty() && !has_ended && budget > 0; }
  };

  static bool move_bytes(direction& way, int from, int to);
  bool swallow();

  owned_descriptor client_;
  owned_descriptor server_;
  direction up_;    // from the client to the server
  direction down_;  // from the server to the client
};

}  // namespace libagent::lab
