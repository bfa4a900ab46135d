#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_headers.hpp"
#include "libagent/http/http_response.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace libagent {

/// One request to send.
struct http_call {
  std::string method = "GET";
  std::string url;  ///< `http://` or `https://`.
  http_headers headers;
  std::string body;  ///< Sent when not empty.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds timeout{30'000};  ///< For all of it; 0: as long as it takes.
  std::size_t body_bytes_max = 64U << 20U;    ///< Of the answer's body that is kept.
  std::stop_token stop;                       ///< Ends the call early.
};

/// A blocking HTTP client that keeps its connections open between calls.
///
/// Follows no redirects and keeps no cookies. The usual proxy variables count, but never for
/// this machine's own addresses. Thread safety: none; one thread uses one client.
class http_client {
public:
  http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;
  ~http_client();

  /// Sends and returns the answer, whatever its status.
  ///
  /// Blocking: until the answer, the timeout or `stop`. Errors, all but the first naming the host:
  /// errc::invalid_argument for a bad URL, errc::unavailable when there is no connection to be had
  /// or it broke, errc::deadline_exceeded, errc::cancelled, errc::too_large for the body.
  [[nodiscard]] expected<http_response> send(const http_call& call);

  /// As `send`, but passes the body of a 2xx on as it arrives, in pieces cut anywhere; the answer's
  /// body is then empty. `on_piece` returns whether to go on; false ends the call with
  /// errc::cancelled.
  [[nodiscard]] expected<http_response> stream(
      const http_call& call, const std::function<bool(std::string_view)>& on_piece);

private:
  class session;
  std::unique_ptr<session> session_;
};

}  // namespace libagent
