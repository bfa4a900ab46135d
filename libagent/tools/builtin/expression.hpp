#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <string_view>

namespace libagent {

inline constexpr std::size_t expression_bytes_max = 1024;
inline constexpr std::size_t expression_depth_max = 64;  ///< Of parentheses, signs and powers.

/// The value of an arithmetic expression.
///
/// Numbers (`2`, `.5`, `1e-3`), `+ - * / %` and `^` (power; binds tighter than a sign and groups
/// to the right), parentheses, the constants `pi`, `e` and `tau`, and the functions abs, acos,
/// asin, atan, atan2, ceil, cos, exp, floor, hypot, ln, log10, log2, max, min, round, sin, sqrt,
/// tan and trunc (`min` and `max` of one argument or more). Angles are in radians. Blanks are
/// skipped.
///
/// Errors: `errc::invalid_argument` with the column, counted in bytes from 1: for what cannot be
/// read, and where a value stops being a finite number (division by zero, root of a negative).
/// `errc::too_large` past the limits above.
[[nodiscard]] expected<double> evaluate_expression(std::string_view text);

}  // namespace libagent
