#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/tool.hpp"
#include "libagent/record/field.hpp"

#include <string>

namespace libagent {

struct calculate_input {
  std::string expression;
};

template <class Inspector>
bool inspect(Inspector& f, calculate_input& x) {
  return record(f, x, "calculate_input",
                field("expression",
                      "Arithmetic with + - * / % ^, parentheses, pi, e and functions such as "
                      "sqrt(2) or max(1, 2).",
                      x.expression)
                    .max_size(1024));
}

struct calculate_output {
  double value = 0;
};

template <class Inspector>
bool inspect(Inspector& f, calculate_output& x) {
  return record(f, x, "calculate_output", field("value", "The expression's value.", x.value));
}

/// The tool `calculate`: pure, inline.
[[nodiscard]] tool_spec calculate_spec();
[[nodiscard]] expected<calculate_output> calculate(const calculate_input& in);

}  // namespace libagent
