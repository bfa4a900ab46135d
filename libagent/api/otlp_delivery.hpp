#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/http/http_headers.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// What became of a batch of spans (OTLP/HTTP 1.x).
enum class otlp_verdict : std::uint8_t {
  delivered,
  retry,   ///< 429, 502, 503, 504, or no answer: the same batch may be taken later.
  refused  ///< It will never be taken.
};

/// A collector's answer, understood.
struct otlp_answer {
  otlp_verdict verdict = otlp_verdict::delivered;
  std::uint64_t rejected = 0;  ///< With `delivered`: spans that it threw away nevertheless.
  /// With `retry`: how long it asks to wait; absent: it does not say.
  std::optional<std::chrono::milliseconds> retry_after;
  std::string why;  ///< Empty when all is well. Nothing of what was sent.
};

/// Understands an answer. `ended` as from `web_client`, `status` 0 without a head.
/// @pre `now` is wall-clock time.
[[nodiscard]] otlp_answer judge_otlp_answer(const expected<void>& ended, int status,
                                            const http_headers& headers, std::string_view body,
                                            unix_millis now);

/// Where spans go: `http://host:4318` -> `http://host:4318/v1/traces`.
[[nodiscard]] std::string otlp_traces_url(std::string endpoint);

/// Reads headers as `OTEL_EXPORTER_OTLP_HEADERS` has them, `name=value,name=value`, with
/// percent-encoded values; line ends separate them, too. Errors, without any value:
/// `invalid_argument`.
[[nodiscard]] expected<http_headers> read_otlp_headers(std::string_view text);

}  // namespace libagent
