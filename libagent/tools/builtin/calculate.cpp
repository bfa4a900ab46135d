#include "libagent/tools/builtin/calculate.hpp"

#include "libagent/tools/builtin/expression.hpp"

namespace libagent {

tool_spec calculate_spec() {
  return {.name = "calculate",
          .description = "Evaluates an arithmetic expression.",
          .tool_lane = lane::interactive,
          .tool_isolation = isolation::inline_call,
          .tool_effects = effects::pure,
          .timeout = std::chrono::seconds{5}};
}

expected<calculate_output> calculate(const calculate_input& in) {
  const auto value = evaluate_expression(in.expression);
  if (!value)
    return value.error();
  return calculate_output{*value};
}

}  // namespace libagent
