#pragma once

#include "libagent/tasks/task.hpp"
#include "libagent/tools/tool_registry.hpp"

namespace libagent {

/// The lane a request will run in, as far as this node knows: the one asked for, else the tool's,
/// else interactive (agents, tools of other nodes, and whatever will be refused).
[[nodiscard]] lane requested_lane(const tool_registry& tools, const task_request& request);

}  // namespace libagent
