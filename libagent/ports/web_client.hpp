#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_headers.hpp"
#include "libagent/models/flow_gate.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace libagent {

/// One HTTP request whose answer arrives piece by piece.
///
/// Callbacks run on the client's thread, in order; they must be quick and must neither block nor
/// throw. `on_end` runs exactly once, and nothing after it.
struct web_call {
  std::string method = "GET";
  std::string url;  ///< `http://` or `https://`.
  http_headers headers;
  std::string body;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds first_byte_timeout{0};  ///< Of the answer's head; 0: none.
  std::chrono::milliseconds idle_timeout{0};        ///< Between pieces of the body; 0: none.
  std::chrono::milliseconds timeout{0};             ///< For all of it; 0: none.
  std::size_t body_bytes_max = 64U << 20U;
  std::stop_token stop;             ///< Closes the connection at once.
  std::shared_ptr<flow_gate> flow;  ///< While it is closed nothing is read; null: never.
  /// The answer's head; once, before any body. May be empty.
  std::function<void(int status, const http_headers& headers)> on_head;
  std::function<void(std::string_view piece)> on_body;  ///< Never empty.
  /// Errors, which name the host: `invalid_argument` for a bad URL, `unavailable` for no
  /// connection or a cut one, `deadline_exceeded`, `cancelled`, `too_large`.
  std::function<void(expected<void>)> on_end;  ///< Never empty.
};

/// Sends HTTP requests by the thousand, all from one thread, over connections that stay open.
///
/// Follows no redirects and keeps no cookies. The usual proxy variables count, but never for this
/// machine's own addresses. Destruction ends what is under way with `cancelled` before it returns.
/// Thread safety: any thread, also from callbacks. Blocking: never.
class web_client {
public:
  web_client() = default;
  web_client(const web_client&) = delete;
  web_client& operator=(const web_client&) = delete;
  virtual ~web_client() = default;

  virtual void start(web_call call) = 0;
};

using web_client_ptr = std::shared_ptr<web_client>;

}  // namespace libagent
