#pragma once

/// Starting and ending actors, and the handlers that every actor needs.

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>

#include <cstdint>
#include <utility>

namespace libagent::actors {

/// Where an actor runs. `own_thread` is for the actors that must always answer, and for those that
/// block; tests run everything `pooled` to stay deterministic.
enum class placement : std::uint8_t { pooled, own_thread };

/// Spawns `Impl` where asked. `spawner` is an actor system, or an actor (its own thread's pool
/// slot is then used). Returns the handle of `Impl`.
template <class Impl, class Spawner, class... Args>
[[nodiscard]] auto spawn_placed(Spawner& spawner, placement where, Args&&... args) {
  if (where == placement::own_thread) {
    return spawner.template spawn<Impl, caf::detached>(std::forward<Args>(args)...);
  }
  return spawner.template spawn<Impl>(std::forward<Args>(args)...);
}

/// Orders an actor to end, ahead of the ordinary messages that it has waiting.
///
/// CAF's own exit messages queue behind them. A handler that is running is never interrupted.
/// With `exit_reason::kill` the actor cannot refuse. Does nothing on a null handle.
template <class Handle>
void urgent_exit(const Handle& who, caf::exit_reason reason) {
  if (!who) {
    return;
  }
  auto target = caf::actor_cast<caf::actor>(who);
  const auto address = target.address();
  caf::anon_send<caf::message_priority::high>(target, caf::exit_msg{address, caf::error{reason}});
}

/// Replaces CAF's default handlers, which print to stdout: call it first in every `make_behavior`.
///
/// - A message without a handler is dropped and reported; a request is answered with an error.
/// - An error that arrives as a message is reported and does not end the actor. CAF would end it.
/// - A down message nobody asked for is ignored.
/// - An exit message ends the actor unless its reason is normal, as with CAF.
/// - An exception ends the actor; the exit reason is `errc::internal` with the exception's text,
///   and it is for the supervisor to report it.
///
/// Set your own down or exit handlers after this call.
void set_quiet_handlers(caf::scheduled_actor* self);

}  // namespace libagent::actors
