#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/json_parse.hpp"

#include <nlohmann/json_fwd.hpp>

#include <span>
#include <string>
#include <string_view>

namespace libagent {

/// The same JSON value in one spelling, so that it can be part of a key: two texts are equal
/// exactly when the values are.
///
/// The form is that of RFC 8785 (JCS): no white space, members sorted by the UTF-16 code units of
/// their names, strings with as few escapes as possible, numbers as ECMAScript prints them, so that
/// 1, 1.0 and 10e-1 are one. Strings are otherwise left as they are: neither trimmed nor
/// normalised. It departs from JCS in one place: whole numbers from 2^53 to 2^64 are written with
/// all their digits, as neighbours that tools can tell apart would become one as doubles.
///
/// `left_out` names members of the outermost object that are not written; the same names further
/// inside are. Errors: as `with_parsed_json`.
[[nodiscard]] expected<std::string> canonical_json(std::string_view text,
                                                   const json_limits& limits = {},
                                                   std::span<const std::string_view> left_out = {});

/// The same of a value at hand. Errors: `errc::too_large` when the text would pass
/// `limits.bytes_max`; `errc::invalid_argument` for nesting past the limit and for what JSON cannot
/// say: strings that are not UTF-8, numbers that are not finite, binary values.
[[nodiscard]] expected<std::string> canonical_json_of(
    const nlohmann::json& value, const json_limits& limits = {},
    std::span<const std::string_view> left_out = {});

}  // namespace libagent
