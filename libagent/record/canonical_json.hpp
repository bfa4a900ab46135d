#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/json_parse.hpp"

#include <string>
#include <string_view>

namespace libagent {

/// The same JSON value in one spelling: no white space, members sorted by name. Equal values give
/// equal texts, so it can be part of a key. Numbers keep their type: 1 and 1.0 stay different.
/// Errors: as `with_parsed_json`.
[[nodiscard]] expected<std::string> canonical_json(std::string_view text,
                                                   const json_limits& limits = {});

}  // namespace libagent
