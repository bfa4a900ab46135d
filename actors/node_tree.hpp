#pragma once

#include "actors/node.hpp"
#include "actors/supervisor.hpp"

namespace libagent::actors {

/// The supervision tree of a node: what is started, in which order, and who restarts whom.
[[nodiscard]] supervisor_spec make_node_tree(const node_options& options, const node_parts& parts,
                                             const tool_registry& tools,
                                             const std::vector<agent_spec>& agents,
                                             const agent_world_ptr& world);

}  // namespace libagent::actors
