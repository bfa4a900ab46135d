#pragma once

#include "libagent/base/time.hpp"
#include "libagent/http/http_headers.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace libagent {

/// A date of HTTP in any of the three forms that a recipient has to know (RFC 9110, 5.6.7); absent
/// for anything else.
[[nodiscard]] std::optional<unix_millis> read_http_date(std::string_view text);

/// How long an answer asks to wait: `retry-after-ms`, else `Retry-After` in seconds, whole or not,
/// or as a date. At most a day; a date that has passed is zero. Absent: it does not say.
/// @pre `now` is wall-clock time.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_retry_after(const http_headers& headers,
                                                                        unix_millis now);

}  // namespace libagent
