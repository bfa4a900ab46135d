#include "libagent/tools/builtin/expression.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace libagent {

namespace {

constexpr std::array<std::pair<std::string_view, double>, 3> expression_constants{
    {{"e", std::numbers::e}, {"pi", std::numbers::pi}, {"tau", 2 * std::numbers::pi}}};

struct expression_function {
  std::string_view name;
  std::size_t arguments_min;
  std::size_t arguments_max;
  double (*apply)(const std::vector<double>&);
};

constexpr auto any_number = std::numeric_limits<std::size_t>::max();

using arguments = std::vector<double>;

constexpr std::array<expression_function, 20> expression_functions{{
    {"abs", 1, 1, [](const arguments& x) { return std::fabs(x[0]); }},
    {"acos", 1, 1, [](const arguments& x) { return std::acos(x[0]); }},
    {"asin", 1, 1, [](const arguments& x) { return std::asin(x[0]); }},
    {"atan", 1, 1, [](const arguments& x) { return std::atan(x[0]); }},
    {"atan2", 2, 2, [](const arguments& x) { return std::atan2(x[0], x[1]); }},
    {"ceil", 1, 1, [](const arguments& x) { return std::ceil(x[0]); }},
    {"cos", 1, 1, [](const arguments& x) { return std::cos(x[0]); }},
    {"exp", 1, 1, [](const arguments& x) { return std::exp(x[0]); }},
    {"floor", 1, 1, [](const arguments& x) { return std::floor(x[0]); }},
    {"hypot", 2, 2, [](const arguments& x) { return std::hypot(x[0], x[1]); }},
    {"ln", 1, 1, [](const arguments& x) { return std::log(x[0]); }},
    {"log10", 1, 1, [](const arguments& x) { return std::log10(x[0]); }},
    {"log2", 1, 1, [](const arguments& x) { return std::log2(x[0]); }},
    {"max", 1, any_number, [](const arguments& x) { return *std::ranges::max_element(x); }},
    {"min", 1, any_number, [](const arguments& x) { return *std::ranges::min_element(x); }},
    {"round", 1, 1, [](const arguments& x) { return std::round(x[0]); }},
    {"sin", 1, 1, [](const arguments& x) { return std::sin(x[0]); }},
    {"sqrt", 1, 1, [](const arguments& x) { return std::sqrt(x[0]); }},
    {"tan", 1, 1, [](const arguments& x) { return std::tan(x[0]); }},
    {"trunc", 1, 1, [](const arguments& x) { return std::trunc(x[0]); }},
}};

std::vector<std::string_view> names_in_expressions() {
  std::vector<std::string_view> names;
  names.reserve(expression_constants.size() + expression_functions.size());
  for (const auto& [name, value] : expression_constants)
    names.push_back(name);
  for (const auto& function : expression_functions)
    names.push_back(function.name);
  return names;
}

/// Reads and evaluates in one pass, by recursive descent. `T` is not carried through as
/// `expected`: the first failure is kept, and every reader returns at once after it.
class expression_reader {
public:
  explicit expression_reader(std::string_view text) : text_{text} {}

  expected<double> run() {
    const auto value = read_sum();
    skip_blanks();
    if (!failed_ && at_ < text_.size())
      fail(at_, "expected an operator or the end, got " + next_quoted());
    if (failed_)
      return failure_;
    return value;
  }

private:
  double read_sum() {
    auto value = read_product();
    while (!failed_) {
      skip_blanks();
      const auto place = at_;
      if (accept('+')) {
        value = finite(value + read_product(), place);
      } else if (accept('-')) {
        value = finite(value - read_product(), place);
      } else {
        break;
      }
    }
    return value;
  }

  double read_product() {
    auto value = read_signed();
    while (!failed_) {
      skip_blanks();
      const auto place = at_;
      if (accept('*')) {
        value = finite(value * read_signed(), place);
      } else if (accept('/')) {
        value = divide(value, read_signed(), place);
      } else if (accept('%')) {
        value = remainder(value, read_signed(), place);
      } else {
        break;
      }
    }
    return value;
  }

  /// All recursion passes here, so this is where depth is bounded.
  double read_signed() {
    if (++depth_ > expression_depth_max) {
      fail(at_, "deeper than " + std::to_string(expression_depth_max) + " levels", errc::too_large);
      return 0;
    }
    double value = 0;
    if (accept('-')) {
      value = -read_signed();
    } else if (accept('+')) {
      value = read_signed();
    } else {
      value = read_power();
    }
    --depth_;
    return value;
  }

  double read_power() {
    const auto base = read_primary();
    skip_blanks();
    const auto place = at_;
    if (failed_ || !accept('^'))
      return base;
    return finite(std::pow(base, read_signed()), place);
  }

  double read_primary() {
    skip_blanks();
    const auto place = at_;
    if (accept('(')) {
      const auto value = read_sum();
      expect(')');
      return value;
    }
    if (at_ < text_.size() && (is_decimal(text_[at_]) || text_[at_] == '.'))
      return read_number();
    if (at_ < text_.size() && is_name_letter(text_[at_]))
      return read_named();
    fail(place, "expected a number, a name or '(', got " + next_quoted());
    return 0;
  }

  double read_number() {
    double value = 0;
    const auto* begin = text_.data() + at_;
    const auto* end = text_.data() + text_.size();
    const auto read = std::from_chars(begin, end, value);
    if (read.ec != std::errc{}) {
      fail(at_, read.ec == std::errc::result_out_of_range ? "the number is out of range"
                                                          : "expected a number");
      return 0;
    }
    at_ += static_cast<std::size_t>(read.ptr - begin);
    return value;
  }

  double read_named() {
    const auto place = at_;
    while (at_ < text_.size() && (is_name_letter(text_[at_]) || is_decimal(text_[at_])))
      ++at_;
    const auto name = text_.substr(place, at_ - place);
    for (const auto& [constant, value] : expression_constants) {
      if (constant == name)
        return value;
    }
    for (const auto& function : expression_functions) {
      if (function.name == name)
        return call(function, place);
    }
    fail(place,
         "unknown name " + quoted_excerpt(name) + did_you_mean(name, names_in_expressions()));
    return 0;
  }

  double call(const expression_function& function, std::size_t place) {
    arguments values;
    expect('(');
    do {
      values.push_back(read_sum());
    } while (!failed_ && accept(','));
    expect(')');
    if (failed_)
      return 0;
    if (values.size() < function.arguments_min || values.size() > function.arguments_max) {
      fail(place, std::string{function.name} + " takes " + std::to_string(function.arguments_min) +
                      " argument(s), got " + std::to_string(values.size()));
      return 0;
    }
    return finite(function.apply(values), place);
  }

  double divide(double dividend, double divisor, std::size_t place) {
    if (!failed_ && divisor == 0)
      fail(place, "division by zero");
    return failed_ ? 0 : finite(dividend / divisor, place);
  }

  double remainder(double dividend, double divisor, std::size_t place) {
    if (!failed_ && divisor == 0)
      fail(place, "remainder of a division by zero");
    return failed_ ? 0 : std::fmod(dividend, divisor);
  }

  double finite(double value, std::size_t place) {
    if (!failed_ && !std::isfinite(value))
      fail(place, "the value is not a finite number");
    return value;
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t'))
      ++at_;
  }

  bool accept(char wanted) {
    skip_blanks();
    if (failed_ || at_ >= text_.size() || text_[at_] != wanted)
      return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!failed_ && !accept(wanted))
      fail(at_, std::string{"expected '"} + wanted + "', got " + next_quoted());
  }

  void fail(std::size_t place, const std::string& what, errc code = errc::invalid_argument) {
    if (std::exchange(failed_, true))
      return;
    failure_ = {code, "expression, column " + std::to_string(place + 1) + ": " + what};
  }

  [[nodiscard]] std::string next_quoted() const {
    return at_ < text_.size() ? quoted_excerpt(text_.substr(at_), 12) : "the end";
  }

  static bool is_decimal(char c) { return c >= '0' && c <= '9'; }

  static bool is_name_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool failed_ = false;
  error failure_;
};

}  // namespace

expected<double> evaluate_expression(std::string_view text) {
  if (text.size() > expression_bytes_max) {
    return error{errc::too_large, "expression: " + std::to_string(text.size()) +
                                      " bytes, at most " + std::to_string(expression_bytes_max)};
  }
  return expression_reader{text}.run();
}

}  // namespace libagent
