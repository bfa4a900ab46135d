#pragma once

#include "actors/node.hpp"

#include <caf/actor_system.hpp>

namespace libagent::actors {

/// Starts tasks of this system, which must outlive what is made.
[[nodiscard]] task_starter make_task_starter(caf::actor_system& system);

}  // namespace libagent::actors
