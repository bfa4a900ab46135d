#pragma once

#include "apps/lab/models/turn_contestant.hpp"

namespace libagent::lab {

/// Turns of a declared agent in a whole node of this project, without a journal and a store: each
/// turn is a conversation of its own, ordered from the sessions and told to an observer.
[[nodiscard]] expected<turn_contestant_ptr> start_own_turns(const turn_setup& setup);

}  // namespace libagent::lab
