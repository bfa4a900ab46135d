#pragma once

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/ports/http_server.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/message_priority.hpp>

#include <string>
#include <utility>

namespace libagent::actors {

/// Answers `exchange` with what whoever is at `path` says: a passing actor asks, gives the answer
/// to `on_result`, which runs in that actor, and ends. Any error, absence included, is the answer
/// as well. For requests from threads that are not actors, and few enough to spawn one for each.
template <class Handle, class OnResult, class... Args>
void ask_once(caf::actor_system& system, const char* path, const http_exchange_ptr& exchange,
              OnResult on_result, Args... args) {
  const auto part = find<Handle>(system, path);
  if (!part) {
    exchange->respond(error_response(
        error{errc::unavailable, std::string{"reach "} + path + ": it is being restarted"}));
    return;
  }
  system.spawn([part, exchange, on_result = std::move(on_result),
                ... args = std::move(args)](caf::event_based_actor* self) {
    set_quiet_handlers(self);
    self->request<caf::message_priority::high>(part, caf::infinite, args...)
        .then(on_result, [exchange](const caf::error& failure) {
          exchange->respond(error_response(from_caf_error(failure)));
        });
  });
}

}  // namespace libagent::actors
