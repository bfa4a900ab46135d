#pragma once

#include "libagent/base/error.hpp"
#include "libagent/http/http_response.hpp"

#include <chrono>
#include <string>

namespace libagent {

/// A failure in the shape that OpenAI's clients understand:
/// `{"error":{"message":...,"type":...,"param":...,"code":...}}`, all four keys always there.
struct http_error {
  int status = 500;
  std::string message;  ///< For a person; bytes that are not UTF-8 are shown as U+FFFD.
  std::string type;     ///< Empty: `default_error_type(status)`.
  std::string code;     ///< For programs; empty: null.
  std::string param;    ///< The offending input, for example a JSON pointer; empty: null.
  std::chrono::milliseconds retry_after{0};  ///< Zero: no Retry-After header.
};

/// `invalid_request_error` for 4xx, `rate_limit_error` for 429, `server_error` from 500 on.
[[nodiscard]] std::string default_error_type(int status);

/// How a failure of ours looks over HTTP:
///
/// | errc | status | | errc | status |
/// |---|---|---|---|---|
/// | invalid_argument | 400 | | tool_failed | 422 |
/// | not_found | 404 | | already_exists | 409 |
/// | deadline_exceeded | 504 | | io_failed, corrupt, internal | 500 |
/// | cancelled | 499 | | unsupported | 501 |
/// | overloaded, unavailable | 503 | | too_large | 413 |
///
/// `tool_failed` is a 422 because clients retry every 5xx by themselves, and a tool that ran and
/// failed would mostly fail again. `overloaded` is the whole server's state, hence 503; a caller
/// over its own quota gets `rate_limited`. 503 says when to come back: after a second, unless
/// `retry_after` is longer. `code` is the errc's name.
[[nodiscard]] http_error to_http_error(
    const error& failure, std::chrono::milliseconds retry_after = std::chrono::milliseconds{0});

/// 429: this caller is over its own quota.
[[nodiscard]] http_error rate_limited(std::string message, std::chrono::milliseconds retry_after);

/// The answer to send. Retry-After is in whole seconds, rounded up.
[[nodiscard]] http_response error_response(const http_error& failure);
[[nodiscard]] http_response error_response(const error& failure);

}  // namespace libagent
