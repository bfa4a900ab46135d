#pragma once

#include "actors/protocol/interfaces.hpp"

#include <caf/send.hpp>

#include <utility>

namespace libagent::actors {

/// Submits a task from a thread that is not an actor. An interactive one overtakes the batch
/// submits that wait in the dispatcher's mailbox.
inline void send_submit(const dispatcher_actor& dispatcher, lane requested, task_request request,
                        task_observer_ptr observer) {
  observer_ref who{std::move(observer)};
  if (requested == lane::interactive) {
    caf::anon_send<caf::message_priority::high>(dispatcher, submit_atom_v, std::move(request),
                                                std::move(who));
  } else {
    caf::anon_send(dispatcher, submit_atom_v, std::move(request), std::move(who));
  }
}

}  // namespace libagent::actors
