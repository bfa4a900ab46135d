#pragma once

#include "actors/bridge/spawning.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/supervision/supervision_rules.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace libagent::actors {

struct supervisor_options {
  placement where = placement::own_thread;
  std::uint64_t seed = 1;
  /// How long the description of a tree waits for nested supervisors: half of it one level down,
  /// a quarter two levels down, so that a stuck one is reported by its own parent.
  std::chrono::milliseconds describe_patience{1'000};
};

/// What a child's factory is given. Valid during the call only.
class start_context {
public:
  start_context(caf::actor_system& system, std::string path, supervisor_options options)
      : system_{system}, path_{std::move(path)}, options_{options} {}

  [[nodiscard]] caf::actor_system& system() const { return system_; }

  /// Where the child will be in the directory, for example `tasks/dispatcher`.
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Where supervisors run in this tree: with an own thread in production, pooled in tests. For
  /// children that must always answer too.
  [[nodiscard]] placement where() const { return options_.where; }

  /// For children that need chance; differs between children and between restarts.
  [[nodiscard]] std::uint64_t seed() const { return options_.seed; }

  /// For the child if it is itself a supervisor.
  [[nodiscard]] const supervisor_options& options() const { return options_; }

private:
  caf::actor_system& system_;
  std::string path_;
  supervisor_options options_;
};

/// A supervisor and the children it begins with, in start order.
struct supervisor_spec {
  supervision_rules rules = {};
  std::vector<child_spec> children;
};

/// Makes the spec of a child that is itself a supervisor. Its own children's limits bound its
/// shutdown, so that waits for ever.
[[nodiscard]] child_spec nested_supervisor(std::string name, supervisor_spec spec,
                                           restart_type restart = restart_type::permanent);

/// Starts the root of a tree and publishes it as `root`.
///
/// Starts, watches, stops and restarts children as `supervision_core` decides, and nothing else.
/// Each child is in the directory under its path while it is up: `NAME` below the root,
/// `NAME/CHILD` below a nested supervisor.
///
/// **Messages** (high priority is advisable: nothing here waits behind anything long)
/// - `describe_atom`: the live tree below this supervisor. A nested supervisor that does not
///   answer in time appears as `unresponsive`. Anybody may ask.
/// - `shutdown_atom`: ends all children in reverse start order, then itself; answered when all are
///   down. Sending the supervisor an exit message does the same without an answer.
/// - `start_child_atom, child_spec`: adds a child behind the others. Errors:
///   `errc::already_exists`, `errc::invalid_argument` (a bad name, no factory),
///   `errc::unavailable` (shutting down), `errc::internal` (the start failed; it is not tried
///   again).
/// - `stop_child_atom, name`: ends a child and forgets it; answered when it is down. Errors:
///   `errc::not_found`.
///
/// **Start is asynchronous**: a child counts as started when its factory has returned. If its
/// `make_behavior` throws that is a failure like any later one, not a failed start.
///
/// **Failure**: when restarts do not help it ends with `errc::unavailable`, and the supervisor
/// above decides. If it is killed or throws, its children are killed with it.
///
/// **Mailbox**: unbounded; give its handle only to parts of the node.
///
/// @pre Names are unique and well-formed, every child has a factory, and the rules agree (see
///      `supervision_core`).
[[nodiscard]] supervisor_actor spawn_root_supervisor(caf::actor_system& system,
                                                     supervisor_spec spec,
                                                     supervisor_options options = {});

}  // namespace libagent::actors
