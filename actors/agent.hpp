#pragma once

/// All that the author of an agent needs: the interface to implement, and a way to run tools.

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace libagent::actors {

/// An agent that a node can start: its listing, and how to spawn it.
struct agent_spec {
  agent_info info;
  std::function<caf::actor(caf::actor_system&)> spawn;
};

/// Makes the spec of an agent whose state class is `State`.
///
/// `State` is constructed with its actor's pointer (`agent_actor::pointer`) and copies of `args`
/// at every (re)start, and has `agent_actor::behavior_type make_behavior()`. It is an ordinary
/// actor: one message at a time, no locks, and no blocking calls (run a tool instead).
///
/// **Failure**: a throw ends the agent; callers get `errc::unavailable`, the supervisor starts a
/// fresh one. State that must survive belongs into a store, not into the actor.
template <class State, class... Args>
agent_spec make_agent(std::string name, std::string description, Args... args) {
  auto spawn = [args = std::make_tuple(std::move(args)...)](caf::actor_system& system) {
    return std::apply(
        [&system](const auto&... copies) {
          using impl = agent_actor::stateful_impl<State>;
          return caf::actor_cast<caf::actor>(system.spawn<impl>(copies...));
        },
        args);
  };
  return {{std::move(name), std::move(description)}, std::move(spawn)};
}

/// Runs a tool as a task of its own, from within an agent's handler, and calls `on_end` with its
/// output or with why there is none; the agent answers other messages meanwhile.
///
/// `on_end(expected<raw_json>)` runs in the agent's context. The task's deadline bounds the wait.
template <class Self, class OnEnd>
void run_tool(Self* self, task_request request, OnEnd on_end) {
  const auto dispatcher = find<dispatcher_actor>(self->system(), dispatcher_path);
  if (!dispatcher) {
    on_end(expected<raw_json>{
        error{errc::unavailable, "run " + request.target + ": the dispatcher is restarting"}});
    return;
  }
  // Shared, because only one of the two callbacks runs and the compiler cannot know.
  auto shared_end = std::make_shared<OnEnd>(std::move(on_end));
  self->template request<caf::message_priority::high>(dispatcher, caf::infinite, run_atom_v,
                                                      std::move(request))
      .then(
          [shared_end](const task_record& ended) {
            if (ended.state == task_state::succeeded && ended.result) {
              (*shared_end)(expected<raw_json>{*ended.result});
            } else {
              (*shared_end)(expected<raw_json>{ended.failure.value_or(
                  error{errc::internal, "run " + ended.target + ": it ended without a result"})});
            }
          },
          [shared_end](const caf::error& failure) {
            (*shared_end)(expected<raw_json>{from_caf_error(failure)});
          });
}

}  // namespace libagent::actors
