#pragma once

#include <cstdint>
#include <string>

namespace libagent {

/// A number's one spelling in canonical JSON; equal numbers of different types have the same.
///
/// Doubles are written as ECMAScript does (ECMA-262, Number::toString): the fewest digits that read
/// back the same, with an exponent below 1e-6 and from 1e21; -0 is 0. Whole numbers from 2^53 to
/// 2^64 are written with all their digits.
/// @pre a double is finite.
[[nodiscard]] std::string canonical_number(double value);
[[nodiscard]] std::string canonical_number(std::int64_t value);
[[nodiscard]] std::string canonical_number(std::uint64_t value);

}  // namespace libagent
