#include "actors/node_gate.hpp"

#include "actors/bridge/spawning.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <utility>

namespace libagent::actors {

node_gate_state::node_gate_state(node_gate_actor::pointer self, caf::weak_actor_ptr cluster)
    : self_{self}, cluster_{std::move(cluster)} {}

template <class... Parts>
void node_gate_state::pass_on(Parts&&... parts) {
  if (auto from = caf::actor_cast<caf::actor>(self_->current_sender())) {
    caf::anon_send(caf::actor_cast<cluster_actor>(cluster_), std::forward<Parts>(parts)...,
                   std::move(from));
  }
}

node_gate_actor::behavior_type node_gate_state::make_behavior() {
  set_quiet_handlers(self_);
  return {
      [this](hello_atom what, const node_offer& offer) { pass_on(what, offer); },
      [this](welcome_atom what, const node_offer& offer) { pass_on(what, offer); },
      [this](refuse_atom what, const error& why) { pass_on(what, why); },
      [this](run_atom what, const run_token& token, const task_request& request) {
        pass_on(what, token, request);
      },
      [this](cancel_atom what, const run_token& token, const std::string& reason) {
        pass_on(what, token, reason);
      },
      [this](progress_atom what, const run_token& token, const task_progress& how_far) {
        pass_on(what, token, how_far);
      },
      [this](done_atom what, const run_token& token, const work_outcome& outcome) {
        pass_on(what, token, outcome);
      },
      [this](beat_atom what, std::uint64_t incarnation, std::uint64_t lease) {
        pass_on(what, incarnation, lease);
      },
      [this](lapse_atom what, std::uint64_t lease) { pass_on(what, lease); },
  };
}

}  // namespace libagent::actors
