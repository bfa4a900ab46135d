#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Where in a trace something happens (W3C Trace Context, Recommendation of 2021).
struct trace_context {
  std::uint64_t trace_high = 0;  ///< With `trace_low` the trace id; never both 0.
  std::uint64_t trace_low = 0;
  std::uint64_t span_id = 0;  ///< Never 0.
  bool sampled = true;

  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Reads the value of a header `traceparent`. Empty when the standard says to ignore it: malformed,
/// version ff, ids of zeros. A later version is read as far as version 00 goes.
[[nodiscard]] std::optional<trace_context> parse_traceparent(std::string_view text);

/// Such a value, of version 00.
[[nodiscard]] std::string make_traceparent(const trace_context& context);

/// 32 lower-case digits.
[[nodiscard]] std::string trace_id_text(const trace_context& context);

/// 16 lower-case digits.
[[nodiscard]] std::string span_id_text(std::uint64_t span_id);

}  // namespace libagent
