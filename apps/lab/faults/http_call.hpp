#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace libagent::lab {

struct http_call {
  std::string method = "GET";
  std::string path;
  std::string body;            ///< Sent when it is not empty.
  std::string key;             ///< The header Idempotency-Key; empty: none.
  std::string client = "lab";  ///< The header X-Client-Id.
};

struct http_answer {
  int status = 0;
  nlohmann::json body;  ///< `discarded` when it was no JSON.
  /// When the call began: what the answer says may be as old as that.
  time_point asked_at = time_point::max();
};

/// Calls a server on 127.0.0.1, over a connection of its own. Blocking: until `until` at most.
///
/// Errors: `unavailable` when nothing was sent; `io_failed` when no whole answer came, so that
/// nobody knows what became of the call.
[[nodiscard]] expected<http_answer> call_http(std::uint16_t port, const http_call& call,
                                              time_point until);

}  // namespace libagent::lab
