// The part of the cluster actor that keeps leases alive, and ends them.

#include "actors/bridge/actor_system.hpp"
#include "actors/cluster.hpp"
#include "libagent/telemetry/node_events.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <string>
#include <string_view>

namespace libagent::actors {

/// A heartbeat says that the node lives and under which lease it works, and not which runs those
/// are: messages are lost only with their connection, and that ends the lease as a whole.
void cluster_state::send_beats() {
  if (!leases_.take_beat(now()))
    return;
  for (const auto& [number, known] : peers_) {
    caf::send_as(gate_, known.gate, beat_atom_v, options_.own.incarnation,
                 visiting_.lease_from(number));
  }
}

void cluster_state::beaten(std::uint64_t incarnation, peer_number lease, const caf::actor& from) {
  const auto at = find_peer(from.address());
  if (at == peers_.end() || !leases_.beat(at->first, incarnation, now()))
    return tell_lapsed(caf::actor_cast<node_gate_actor>(from), 0);
  if (lease != 0 && lease != at->first)
    tell_lapsed(at->second.gate, lease);
}

void cluster_state::give_up_silent() {
  for (const auto number : leases_.take_lapsed(now())) {
    const auto at = peers_.find(number);
    const auto silence = leases_.limits().lapse.count();
    events_of(self_->system())
        .emit(events::node_lease_lapsed, {{"node", std::string_view{options_.own.node}},
                                          {"peer", std::string_view{at->second.offer.node}},
                                          {"silence_ms", std::int64_t{silence}}});
    // The first that it reads should it go on one day.
    tell_lapsed(at->second.gate, 0);
    lose_peer(at);
  }
}

void cluster_state::tell_lapsed(const node_gate_actor& gate, peer_number lease) {
  // What it said before it read our greeting is settled by its answer to that. Told now, it would
  // give up the new lease and not the old one.
  if (lease == 0 && joins_.is_greeting(gate.address()))
    return;
  leases_.note_told();
  caf::send_as(gate_, gate, lapse_atom_v, lease);
}

void cluster_state::lease_over(peer_number lease, const caf::actor& from) {
  const auto at = find_peer(from.address());
  if (at == peers_.end())
    return;  // It has been given up here, too.
  const auto node = at->second.offer.node;
  const auto reason = "node " + node + ", which asked, had given it up";
  const auto visits = lease == 0 ? visiting_.cancel_all_of(at->first, reason)
                                 : visiting_.cancel_lease(at->first, lease, reason);
  events_of(self_->system())
      .emit(events::node_lease_over, {{"node", std::string_view{options_.own.node}},
                                      {"peer", std::string_view{node}},
                                      {"visits", std::uint64_t{visits}}});
  if (lease == 0)
    lose_peer(at);
}

void cluster_state::refuse_late(const run_token& token, peers::iterator at,
                                const caf::actor& from) {
  const bool is_peer = at != peers_.end();
  const auto task = to_string(token.id);
  leases_.note_late_answer();
  events_of(self_->system())
      .emit(events::node_late_answer,
            {{"node", std::string_view{options_.own.node}},
             {"peer", is_peer ? std::string_view{at->second.offer.node} : std::string_view{}},
             {"task", std::string_view{task}},
             {"attempt", std::uint64_t{token.attempt}}});
  if (!is_peer)
    return tell_lapsed(caf::actor_cast<node_gate_actor>(from), 0);
  if (token.lease != at->first)
    tell_lapsed(at->second.gate, token.lease);
}

}  // namespace libagent::actors
