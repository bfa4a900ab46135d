#pragma once

/// Stable names for actors that are restarted.
///
/// A restarted actor is a new actor with a new handle, so nobody keeps handles of others across
/// messages: a supervisor publishes each child under its path (`cache`, `tasks/dispatcher`), and
/// whoever needs the child looks it up at the time of use. A name that is not there, or whose
/// actor just died, means "restarting, try again": answer `errc::unavailable`.
///
/// Thread safety: every function may be called from any thread.

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>

#include <string>

namespace libagent::actors {

/// Makes `path` lead to `who` from now on, whoever had the name before.
void publish(caf::actor_system& system, const std::string& path, const caf::strong_actor_ptr& who);

/// Makes `path` lead nowhere. Does nothing when it already does.
void retract(caf::actor_system& system, const std::string& path);

/// Whoever `path` leads to now, or null.
[[nodiscard]] caf::strong_actor_ptr find_any(caf::actor_system& system, const std::string& path);

/// Typed look-up; a null handle when `path` leads nowhere.
///
/// @pre the actor under `path` implements `Handle`: paths are fixed by the wiring, so the type is
///      not checked here.
template <class Handle>
[[nodiscard]] Handle find(caf::actor_system& system, const std::string& path) {
  return caf::actor_cast<Handle>(find_any(system, path));
}

}  // namespace libagent::actors
