#include "libagent/tools/builtin/expression.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>

using namespace libagent;

namespace {

double value_of_expression(std::string_view text) {
  return evaluate_expression(text).value_or(std::nan(""));
}

std::string failure_of(std::string_view text) {
  const auto value = evaluate_expression(text);
  return value ? "" : value.error().context;
}

}  // namespace

TEST_CASE("operators bind as in mathematics", "[tools]") {
  CHECK(value_of_expression("2 + 3 * 4") == 14);
  CHECK(value_of_expression("(2 + 3) * 4") == 20);
  CHECK(value_of_expression("10 - 4 - 3") == 3);
  CHECK(value_of_expression("2 ^ 3 ^ 2") == 512);
  CHECK(value_of_expression("-2 ^ 2") == -4);
  CHECK(value_of_expression("2 ^ -1") == 0.5);
  CHECK(value_of_expression("7 % 4 * 2") == 6);
  CHECK(value_of_expression("--3") == 3);
  CHECK(value_of_expression("1e3 + .5") == 1000.5);
}

TEST_CASE("names are constants and functions", "[tools]") {
  CHECK(value_of_expression("2 * pi") == value_of_expression("tau"));
  CHECK(value_of_expression("ln(e)") == 1);
  CHECK(value_of_expression("sqrt(16) + max(1, 5, 3) - min(2)") == 7);
  CHECK(value_of_expression("round(2.5) + floor(-1.5)") == 1);
}

TEST_CASE("errors name the column and what would be right", "[tools]") {
  CHECK(failure_of("2 +") == "expression, column 4: expected a number, a name or '(', got the end");
  CHECK(failure_of("2 $ 3") ==
        "expression, column 3: expected an operator or the end, got \"$ 3\"");
  CHECK(failure_of("(1 + 2") == "expression, column 7: expected ')', got the end");
  CHECK(failure_of("sqr(4)") ==
        "expression, column 1: unknown name \"sqr\" (did you mean \"sqrt\"?)");
  CHECK(failure_of("1 / 0") == "expression, column 3: division by zero");
  CHECK(failure_of("5 % 0") == "expression, column 3: remainder of a division by zero");
  CHECK(failure_of("sqrt(-1)") == "expression, column 1: the value is not a finite number");
  CHECK(failure_of("hypot(1)") == "expression, column 1: hypot takes 2 argument(s), got 1");
  CHECK(failure_of("1e999") == "expression, column 1: the number is out of range");
  CHECK_FALSE(failure_of("").empty());
}

TEST_CASE("depth and length are bounded", "[tools]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "1" + std::string(depth, ')');
  };
  CHECK(evaluate_expression(nested(expression_depth_max - 1)));
  CHECK(evaluate_expression(nested(expression_depth_max)).error().code == errc::too_large);
  CHECK(evaluate_expression(std::string(1000, '-') + "1").error().code == errc::too_large);
  const std::string longest(expression_bytes_max, '1');
  CHECK(evaluate_expression(longest + "1").error().code == errc::too_large);
}

TEST_CASE("any text gives a finite value or an error", "[tools]") {
  seeded_random random{GENERATE(range(std::uint64_t{0}, std::uint64_t{200}))};
  const std::string_view alphabet = "0123456789.e+-*/%^(),  pisqrtmax";
  std::string text;
  for (std::size_t i = 0; i < 1 + random() % 30; ++i)
    text.push_back(alphabet[random() % alphabet.size()]);
  CAPTURE(text);
  const auto value = evaluate_expression(text);
  if (value) {
    CHECK(std::isfinite(*value));
  } else {
    CHECK(value.error().context.find("column") != std::string::npos);
  }
}
