#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <string_view>

namespace libagent {

/// The tools of `all` whose names are in a comma-separated list; all of them when it is empty.
/// Errors: `not_found` for a name that `all` does not have, with the nearest one it has.
[[nodiscard]] expected<tool_registry> offered_tools(const tool_registry& all,
                                                    std::string_view names);

}  // namespace libagent
