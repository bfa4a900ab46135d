#pragma once

#include "libagent/supervision/child_rules.hpp"

#include <caf/actor.hpp>

#include <functional>
#include <string>

namespace libagent::actors {

class start_context;  // see actors/supervisor.hpp

/// How a supervisor starts a child, and what it does when the child ends. Never leaves the process.
struct child_spec {
  /// Unique among its siblings: letters, digits, `_` and `-`. The last part of the child's path.
  std::string name;
  /// Spawns the child; called again for every restart, on the supervisor's thread, so it must be
  /// quick. State classes are constructed in here: what can fail slowly belongs into the child's
  /// `make_behavior`. Throwing, or returning no actor, is a failed start.
  std::function<caf::actor(start_context&)> start;
  child_rules rules = {};
  child_kind kind = child_kind::worker;
};

}  // namespace libagent::actors
