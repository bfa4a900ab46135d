#pragma once

#include "libagent/ports/journal.hpp"

namespace libagent {

/// A journal that ends the process with SIGKILL at a point named by the environment variable
/// AGENT_CRASH_AT, for tests of what survives; without the variable it is `kept` itself.
///
/// The value is `POINT` or `POINT:N`, the Nth time that point is passed (from 1). Points are
/// `before` and `after` a commit that holds such a write: `before.accepted`, `after.accepted`,
/// and the same with `started`, `queued`, `ended`, `group` and `schedule`.
[[nodiscard]] journal_ptr with_crash_points(journal_ptr kept);

}  // namespace libagent
