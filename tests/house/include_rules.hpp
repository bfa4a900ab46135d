#pragma once

#include "tests/house/source_file.hpp"

#include <vector>

namespace libagent::testing {

/// Finds includes and calls that break the rule of who may include whom.
///
/// The layers are libagent <- actors <- apps, and nothing includes tests. Inside libagent, a room
/// includes itself and the rooms before it; libagent/adapters includes them all. The core (all of
/// libagent but adapters) uses the standard library only, reads no clock and never sleeps. The
/// build cannot check this: a system with CAF or Boost in its include path compiles it all.
[[nodiscard]] std::vector<violation> check_includes(const source_file& file);

}  // namespace libagent::testing
