#include "libagent/tools/tool_info.hpp"

namespace libagent {

tool_info describe(const tool& described) {
  const auto& spec = described.spec();
  return {.name = spec.name,
          .description = spec.description,
          .tool_lane = spec.tool_lane,
          .tool_isolation = spec.tool_isolation,
          .tool_effects = spec.tool_effects,
          .timeout_ms = spec.timeout.count(),
          .input_schema = {described.input_schema()},
          .output_schema = {described.output_schema()}};
}

}  // namespace libagent
