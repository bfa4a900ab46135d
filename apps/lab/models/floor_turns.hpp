#pragma once

#include "apps/lab/models/turn_contestant.hpp"

namespace libagent::lab {

/// The least that an agent's turn can cost here: bare CAF, one actor for each user, libcurl's multi
/// interface on one thread, JSON by hand. No limits, retries, deadlines, journal or streams.
[[nodiscard]] expected<turn_contestant_ptr> start_floor_turns(const turn_setup& setup);

}  // namespace libagent::lab
