#include "libagent/record/canonical_number.hpp"

#include "libagent/base/contract.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace libagent {

namespace {

constexpr double two_to_53 = 0x1p53;
constexpr double two_to_64 = 0x1p64;

/// A number as 0.d1d2d3... times a power of ten.
struct decimal_digits {
  std::string digits;
  int point = 0;  // where the decimal point stands, counted from the first digit
};

/// @pre `value` is positive.
decimal_digits shortest_digits(double value) {
  std::array<char, 32> buffer{};
  const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                  std::chars_format::scientific);
  const std::string_view text{buffer.data(), static_cast<std::size_t>(done.ptr - buffer.data())};
  const auto exponent_at = text.find('e');
  decimal_digits result;
  for (const char c : text.substr(0, exponent_at)) {
    if (c != '.')
      result.digits += c;
  }
  auto exponent = text.substr(exponent_at + 1);
  if (exponent.front() == '+')
    exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), result.point);
  ++result.point;
  return result;
}

std::string with_exponent(const decimal_digits& number) {
  auto text = number.digits.substr(0, 1);
  if (number.digits.size() > 1)
    text += "." + number.digits.substr(1);
  const auto exponent = number.point - 1;
  return text + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
}

std::string ecmascript_text(const decimal_digits& number) {
  const auto& [digits, point] = number;
  const auto size = static_cast<int>(digits.size());
  if (point > 21 || point <= -6)
    return with_exponent(number);
  if (point <= 0)
    return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (point >= size)
    return digits + std::string(static_cast<std::size_t>(point - size), '0');
  const auto whole = static_cast<std::size_t>(point);
  return digits.substr(0, whole) + "." + digits.substr(whole);
}

}  // namespace

std::string canonical_number(double value) {
  LIBAGENT_EXPECTS(std::isfinite(value));
  if (value == 0)
    return "0";
  const auto size = std::abs(value);
  const std::string sign = value < 0 ? "-" : "";
  if (size >= two_to_53 && size < two_to_64)
    return sign + std::to_string(static_cast<std::uint64_t>(size));
  return sign + ecmascript_text(shortest_digits(size));
}

std::string canonical_number(std::int64_t value) {
  return std::to_string(value);
}

std::string canonical_number(std::uint64_t value) {
  return std::to_string(value);
}

}  // namespace libagent
