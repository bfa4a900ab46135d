// The part of the cluster actor that decides who is a peer.

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/cluster.hpp"
#include "libagent/telemetry/node_events.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent::actors {

namespace {

node_facts facts_of(const node_offer& offer) {
  node_facts facts{.name = offer.node, .version = offer.version, .tools = {}, .offer_bytes = 0};
  for (const auto& each : offer.tools) {
    facts.tools.push_back(each.name);
    facts.offer_bytes += each.name.size() + each.description.size() +
                         each.input_schema.text.size() + each.output_schema.text.size();
  }
  return facts;
}

}  // namespace

cluster_state::peers::iterator cluster_state::find_peer(const caf::actor_addr& gate) {
  return std::ranges::find_if(
      peers_, [&gate](const auto& entry) { return entry.second.gate.address() == gate; });
}

cluster_state::peers::iterator cluster_state::find_peer(const std::string& node) {
  return std::ranges::find_if(
      peers_, [&node](const auto& entry) { return entry.second.offer.node == node; });
}

cluster_state::peers::iterator cluster_state::heard_from(const caf::actor& gate) {
  const auto at = find_peer(gate.address());
  if (at != peers_.end())
    leases_.heard(at->first, now());
  return at;
}

// -- handshakes -------------------------------------------------------------

void cluster_state::greeted(const node_offer& theirs, const caf::actor& from) {
  const auto gate = caf::actor_cast<node_gate_actor>(from);
  // Two nodes that join each other greet twice over one connection.
  if (heard_from(from) == peers_.end()) {
    if (const auto admitted = admit(theirs, gate); !admitted) {
      events_of(self_->system())
          .emit(events::node_refused, {{"node", std::string_view{options_.own.node}},
                                       {"peer", std::string_view{theirs.node}},
                                       {"reason", std::string_view{admitted.error().context}}});
      caf::send_as(gate_, gate, refuse_atom_v, admitted.error());
      return;
    }
  }
  caf::send_as(gate_, gate, welcome_atom_v, options_.own);
}

void cluster_state::welcomed(const node_offer& theirs, const caf::actor& from) {
  if (!joins_.is_greeting(from.address()))
    return;
  const auto gate = caf::actor_cast<node_gate_actor>(from);
  if (heard_from(from) == peers_.end()) {
    if (const auto admitted = admit(theirs, gate); !admitted) {
      // It took us for a peer, and must not any longer.
      caf::send_as(gate_, gate, refuse_atom_v, admitted.error());
      joins_.refused(from.address(), admitted.error());
      return;
    }
  }
  joins_.joined(from.address());
}

void cluster_state::refused(const error& why, const caf::actor& from) {
  joins_.refused(from.address(), why);
  if (const auto at = find_peer(from.address()); at != peers_.end())
    lose_peer(at);
}

// -- coming and going -------------------------------------------------------

expected<void> cluster_state::check_newcomer(const node_offer& theirs,
                                             std::optional<peer_number> replaced) const {
  std::vector<std::string> present;
  for (const auto& [number, known] : peers_) {
    if (number != replaced)
      present.push_back(known.offer.node);
  }
  return check_peer(facts_of(options_.own), facts_of(theirs), present, options_.peers);
}

expected<void> cluster_state::admit(const node_offer& theirs, const node_gate_actor& gate) {
  const auto replaced = leases_.claim(theirs.node, theirs.incarnation);
  if (!replaced)
    return replaced.error();
  if (auto checked = check_newcomer(theirs, *replaced); !checked)
    return checked;
  notice_dispatcher();
  const auto number = leases_.grant(theirs.node, theirs.incarnation, now());
  if (*replaced)
    replace(**replaced);
  peers_.emplace(number, peer{.offer = theirs, .gate = gate});
  self_->monitor<urgent>(gate);
  caf::anon_send<urgent>(dispatcher(), peer_up_atom_v, theirs);
  events_of(self_->system())
      .emit(events::node_joined, {{"node", std::string_view{options_.own.node}},
                                  {"peer", std::string_view{theirs.node}},
                                  {"version", std::string_view{theirs.version}},
                                  {"tools", std::uint64_t{theirs.tools.size()}}});
  return {};
}

void cluster_state::replace(peer_number earlier) {
  const auto at = peers_.find(earlier);
  events_of(self_->system())
      .emit(events::node_replaced, {{"node", std::string_view{options_.own.node}},
                                    {"peer", std::string_view{at->second.offer.node}}});
  // Should it be alive after all, it has to know.
  caf::send_as(gate_, at->second.gate, refuse_atom_v,
               error{errc::already_exists, "a later start of node " + at->second.offer.node +
                                               " took its place: give each node its own name "
                                               "with --node"});
  leases_.note_told();
  lose_peer(at);
}

void cluster_state::lose_gate(const caf::down_msg& down) {
  joins_.lost(down.source);
  if (const auto at = find_peer(down.source); at != peers_.end())
    lose_peer(at);
}

void cluster_state::lose_peer(peers::iterator lost) {
  const auto number = lost->first;
  const auto [offer, gate] = std::move(lost->second);
  peers_.erase(lost);
  leases_.end(number);
  self_->demonitor(gate);  // it may be alive, and come back
  joins_.lost(gate.address());
  const auto runs = forwarded_.take_all_of(number).size();
  caf::anon_send<urgent>(dispatcher(), peer_down_atom_v, offer.node);
  const auto visits =
      visiting_.cancel_all_of(number, "node " + offer.node + ", which asked, was lost");
  events_of(self_->system())
      .emit(events::node_lost, {{"node", std::string_view{options_.own.node}},
                                {"peer", std::string_view{offer.node}},
                                {"runs", std::uint64_t{runs}},
                                {"visits", std::uint64_t{visits}}});
}

}  // namespace libagent::actors
