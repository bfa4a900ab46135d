#pragma once

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace libagent::lab {

/// One kind of request to an actor: asks once and calls back when the answer is there.
using ask_once = std::function<void(caf::event_based_actor*, const std::function<void()>&)>;

/// Keeps `window` requests under way, from one pooled actor, until `count` were answered. Returns
/// how many microseconds each took. Blocking.
[[nodiscard]] std::vector<double> drive(caf::actor_system& system, const ask_once& ask,
                                        std::size_t count, std::size_t window);

}  // namespace libagent::lab
