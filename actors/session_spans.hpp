#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/ports/span_source.hpp"
#include "libagent/session/turn.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace libagent::actors {

/// A span of a turn, or of one of its tools, that has begun.
struct open_span {
  span_place place;
  std::uint64_t start_unix_nanos = 0;
  time_point began;
  std::string input;  ///< What was said or given, when the sink takes contents.
};

/// Begins one below `trace`, a W3C traceparent, and makes `trace` that of the new span. Null, and
/// `trace` stays: none is to be made. `source` may be null.
[[nodiscard]] std::unique_ptr<open_span> open_span_below(std::string& trace, span_source* source,
                                                         time_point now, unix_millis wall);

/// `invoke_agent AGENT`: a whole turn, with OpenTelemetry's attributes for generative AI. Of what
/// was said it has at most `contents_max` bytes in each attribute; 0: nothing.
[[nodiscard]] span span_of_turn(const open_span& open, const turn_result& result, time_point now,
                                std::size_t contents_max);

/// `execute_tool TOOL`: one call of a tool, or of an agent as one; its input and output as above.
[[nodiscard]] span span_of_tool(const open_span& open, const std::string& tool,
                                const std::string& call, const expected<std::string>& output,
                                time_point now, std::size_t contents_max);

}  // namespace libagent::actors
