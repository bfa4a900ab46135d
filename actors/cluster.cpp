#include "actors/cluster.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/paths.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/telemetry/node_events.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

std::set<std::string> tool_names_of(const node_offer& offer) {
  std::set<std::string> names;
  for (const auto& each : offer.tools)
    names.insert(each.name);
  return names;
}

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

cluster_state::cluster_state(cluster_actor::pointer self, cluster_options options)
    : self_{self},
      options_{std::move(options)},
      joins_{self, options_.network, options_.own.node, options_.joins},
      visiting_{self->system(), tool_names_of(options_.own), options_.wire},
      forwarded_{options_.wire.runs_per_peer_max} {
  LIBAGENT_EXPECTS(options_.network);
  LIBAGENT_EXPECTS(check_node_name(options_.own.node));
  gate_ = spawn_placed<node_gate_impl>(*self, options_.gate_placement,
                                       caf::weak_actor_ptr{self->ctrl()});
}

cluster_actor::behavior_type cluster_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->set_down_handler([this](const caf::down_msg& down) { lose_peer(down); });
  self_->link_to(gate_);
  wake();
  return {
      [this](forward_atom, const std::string& node, const task_id& id, std::uint32_t attempt,
             task_request& request) { forward(node, id, attempt, request); },
      [this](cancel_atom, const task_id& id, const std::string& reason) {
        if (const auto* const run = forwarded_.find(id))
          cancel_at_peer(*run, reason);
      },
      [this](status_atom) {
        std::vector<node_offer> offers;
        for (const auto& [number, known] : peers_)
          offers.push_back(known.offer);
        return offers;
      },
      [this](hello_atom, const node_offer& theirs, const caf::actor& from) {
        greeted(theirs, from);
      },
      [this](welcome_atom, const node_offer& theirs, const caf::actor& from) {
        welcomed(theirs, from);
      },
      [this](refuse_atom, const error& why, const caf::actor& from) { refused(why, from); },
      [this](run_atom, const task_id& id, std::uint32_t attempt, task_request& request,
             const caf::actor& from) { run_visit(id, attempt, request, from); },
      [this](cancel_atom, const task_id& id, std::uint32_t attempt, const std::string& reason,
             const caf::actor& from) { cancel_visit(id, attempt, reason, from); },
      [this](progress_atom, const task_id& id, std::uint32_t attempt, const task_progress& how_far,
             const caf::actor& from) { pass_progress(id, attempt, how_far, from); },
      [this](done_atom, const task_id& id, std::uint32_t attempt, const work_outcome& outcome,
             const caf::actor& from) { pass_outcome(id, attempt, outcome, from); },
      [this](watch_atom, std::uint64_t visit, const task_record& record) {
        report(visiting_.note(visit, record));
      },
      [this](watch_atom, std::uint64_t visit, const error& why) {
        report(visiting_.fail(visit, why));
      },
      [this](wake_atom) { wake(); },
  };
}

void cluster_state::wake() {
  if (options_.listen && !listens_)
    listen(*options_.listen);
  notice_dispatcher();
  joins_.tick(gate_, options_.own);
  give_up_expired();
  self_->delayed_send(self_, options_.tick, wake_atom_v);
}

// -- listening --------------------------------------------------------------

void cluster_state::listen(const endpoint& wanted) {
  listens_ = true;
  const auto port = *options_.port_taken != 0 ? *options_.port_taken : wanted.port;
  if (port == 0) {
    open_port(wanted);
    return;
  }
  // The gate of a cluster actor that died still occupies the port. Closing what is not open is an
  // error that says nothing new.
  auto open = [this, where = endpoint{.host = wanted.host, .port = port}] { open_port(where); };
  self_->request(options_.network, caf::infinite, caf::close_atom_v, port)
      .then(open, [open](const caf::error&) { open(); });
}

void cluster_state::open_port(const endpoint& where) {
  self_
      ->request(options_.network, caf::infinite, caf::publish_atom_v, where.port,
                caf::actor_cast<caf::strong_actor_ptr>(gate_),
                self_->system().message_types<node_gate_actor>(), where.host, true)
      .then([this, where](std::uint16_t taken) { listening({.host = where.host, .port = taken}); },
            [this, where](const caf::error&) { not_listening(where); });
}

void cluster_state::listening(const endpoint& where) {
  *options_.port_taken = where.port;
  trouble_told_ = false;
  const auto address = to_string(where);
  events_of(self_->system())
      .emit(events::node_listening, {{"node", std::string_view{options_.own.node}},
                                     {"address", std::string_view{address}}});
  options_.on_listening(where);
}

void cluster_state::not_listening(const endpoint& where) {
  listens_ = false;  // the next tick tries again
  if (std::exchange(trouble_told_, true))
    return;
  const auto address = to_string(where);
  const error why{errc::unavailable,
                  "listen on " + address + ": the port cannot be opened; is it in use?"};
  events_of(self_->system())
      .emit(events::node_listen_failed, {{"node", std::string_view{options_.own.node}},
                                         {"address", std::string_view{address}},
                                         {"reason", std::string_view{why.context}}});
  options_.on_listening(why);
}

// -- peers ------------------------------------------------------------------

cluster_state::peers::iterator cluster_state::find_peer(const caf::actor_addr& gate) {
  return std::ranges::find_if(
      peers_, [&gate](const auto& entry) { return entry.second.gate.address() == gate; });
}

cluster_state::peers::iterator cluster_state::find_peer(const std::string& node) {
  return std::ranges::find_if(
      peers_, [&node](const auto& entry) { return entry.second.offer.node == node; });
}

expected<void> cluster_state::check_newcomer(const node_offer& theirs) const {
  std::vector<std::string> present;
  for (const auto& [number, known] : peers_)
    present.push_back(known.offer.node);
  return check_peer(facts_of(options_.own), facts_of(theirs), present, options_.peers);
}

void cluster_state::greeted(const node_offer& theirs, const caf::actor& from) {
  const auto gate = caf::actor_cast<node_gate_actor>(from);
  // Two nodes that join each other greet twice over one connection.
  if (find_peer(from.address()) == peers_.end()) {
    if (const auto checked = check_newcomer(theirs); !checked) {
      events_of(self_->system())
          .emit(events::node_refused, {{"node", std::string_view{options_.own.node}},
                                       {"peer", std::string_view{theirs.node}},
                                       {"reason", std::string_view{checked.error().context}}});
      caf::send_as(gate_, gate, refuse_atom_v, checked.error());
      return;
    }
    add_peer(theirs, gate);
  }
  caf::send_as(gate_, gate, welcome_atom_v, options_.own);
}

void cluster_state::welcomed(const node_offer& theirs, const caf::actor& from) {
  if (!joins_.is_greeting(from.address()))
    return;
  const auto gate = caf::actor_cast<node_gate_actor>(from);
  if (find_peer(from.address()) == peers_.end()) {
    if (const auto checked = check_newcomer(theirs); !checked) {
      // It took us for a peer, and must not any longer.
      caf::send_as(gate_, gate, refuse_atom_v, checked.error());
      joins_.refused(from.address(), checked.error());
      return;
    }
    add_peer(theirs, gate);
  }
  joins_.joined(from.address());
}

void cluster_state::refused(const error& why, const caf::actor& from) {
  joins_.refused(from.address(), why);
  lose_peer(caf::down_msg{from.address(), {}});
}

void cluster_state::add_peer(const node_offer& theirs, const node_gate_actor& gate) {
  notice_dispatcher();
  peers_.emplace(++last_peer_, peer{.offer = theirs, .gate = gate});
  self_->monitor<urgent>(gate);
  caf::anon_send<urgent>(dispatcher(), peer_up_atom_v, theirs);
  events_of(self_->system())
      .emit(events::node_joined, {{"node", std::string_view{options_.own.node}},
                                  {"peer", std::string_view{theirs.node}},
                                  {"version", std::string_view{theirs.version}},
                                  {"tools", std::uint64_t{theirs.tools.size()}}});
}

void cluster_state::lose_peer(const caf::down_msg& down) {
  joins_.lost(down.source);
  const auto found = find_peer(down.source);
  if (found == peers_.end())
    return;
  const auto number = found->first;
  const auto node = found->second.offer.node;
  peers_.erase(found);
  const auto runs = forwarded_.take_all_of(number).size();
  caf::anon_send<urgent>(dispatcher(), peer_down_atom_v, node);
  const auto visits = visiting_.cancel_all_of(number, "node " + node + ", which asked, was lost");
  events_of(self_->system())
      .emit(events::node_lost, {{"node", std::string_view{options_.own.node}},
                                {"peer", std::string_view{node}},
                                {"runs", std::uint64_t{runs}},
                                {"visits", std::uint64_t{visits}}});
}

// -- the dispatcher ---------------------------------------------------------

dispatcher_actor cluster_state::dispatcher() const {
  return find<dispatcher_actor>(self_->system(), dispatcher_path);
}

void cluster_state::fail_run(const task_id& id, std::uint32_t attempt, error why) {
  caf::anon_send<urgent>(dispatcher(), done_atom_v, id, attempt,
                         work_outcome{.result = {}, .failure = std::move(why)});
}

void cluster_state::notice_dispatcher() {
  const auto present = dispatcher();
  if (!present || present.address() == announced_to_)
    return;
  announced_to_ = present.address();
  for (const auto& run : forwarded_.take_all())
    cancel_at_peer(run, "the dispatcher that asked was restarted");
  for (const auto& [number, known] : peers_)
    caf::anon_send<urgent>(dispatcher(), peer_up_atom_v, known.offer);
}

}  // namespace libagent::actors
