#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"
#include "libagent/http/http_headers.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace libagent {

class json_view;

/// What a provider says in place of an answer.
struct provider_error {
  error failure;
  /// With `context_too_long`, when it says: its window, and what the request came to.
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> prompt_tokens;
  /// `x-should-retry`: what the provider advises; absent: nothing.
  std::optional<bool> should_retry;
};

/// Reads an answer whose status is not 200.
///
/// | status | errc |
/// |---|---|
/// | 400, 413, 422, other 4xx, 3xx | `invalid_argument`, or `context_too_long` |
/// | 401, 403, 404 | `unauthenticated`, `permission_denied`, `not_found` |
/// | 402, and 429 for a quota that is used up | `budget_exceeded` |
/// | 429, 413 for a rate | `rate_limited` |
/// | 503, 529 | `overloaded`; `unavailable` while the model loads |
/// | 408, 409, 425, other 5xx | `unavailable` |
/// | 500 for a tool call that the model spoiled | `corrupt` |
/// | 501 | `unsupported` |
///
/// A `type` or a `code` in the body that says it better counts more than the status. `retry_after`
/// comes from `retry-after-ms` or `Retry-After` (seconds or a date). The context has the provider's
/// message, cut short; not with 401 and 403, where it may repeat the key.
/// @pre `now` is wall-clock time.
[[nodiscard]] provider_error read_provider_error(int status, const http_headers& headers,
                                                 std::string_view body, unix_millis now);

/// The same for an `error` in a body that began well: an object or a string.
[[nodiscard]] provider_error read_error_value(json_view value);

}  // namespace libagent
