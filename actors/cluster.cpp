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

}  // namespace

cluster_state::cluster_state(cluster_actor::pointer self, cluster_options options)
    : self_{self},
      options_{std::move(options)},
      joins_{self, options_.network, options_.own.node, options_.joins},
      visiting_{self->system(), tool_names_of(options_.own), options_.wire},
      forwarded_{options_.wire.runs_per_peer_max},
      // The id keeps its leases apart from those of an earlier cluster actor of this process.
      leases_{options_.leases, options_.own.incarnation + self->id()} {
  LIBAGENT_EXPECTS(options_.network);
  LIBAGENT_EXPECTS(check_node_name(options_.own.node));
  gate_ = spawn_placed<node_gate_impl>(*self, options_.gate_placement,
                                       caf::weak_actor_ptr{self->ctrl()});
  options_.tick = std::min(options_.tick, options_.leases.beat);
}

cluster_actor::behavior_type cluster_state::make_behavior() {
  set_quiet_handlers(self_);
  self_->set_down_handler([this](const caf::down_msg& down) { lose_gate(down); });
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
      [this](status_atom, beat_atom) { return leases_.stats(); },
      [this](hello_atom, const node_offer& theirs, const caf::actor& from) {
        greeted(theirs, from);
      },
      [this](welcome_atom, const node_offer& theirs, const caf::actor& from) {
        welcomed(theirs, from);
      },
      [this](refuse_atom, const error& why, const caf::actor& from) { refused(why, from); },
      [this](run_atom, const run_token& token, task_request& request, const caf::actor& from) {
        run_visit(token, request, from);
      },
      [this](cancel_atom, const run_token& token, const std::string& reason,
             const caf::actor& from) { cancel_visit(token, reason, from); },
      [this](progress_atom, const run_token& token, const task_progress& how_far,
             const caf::actor& from) { pass_progress(token, how_far, from); },
      [this](done_atom, const run_token& token, const work_outcome& outcome,
             const caf::actor& from) { pass_outcome(token, outcome, from); },
      [this](beat_atom, std::uint64_t incarnation, std::uint64_t lease, const caf::actor& from) {
        beaten(incarnation, lease, from);
      },
      [this](lapse_atom, std::uint64_t lease, const caf::actor& from) { lease_over(lease, from); },
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
  give_up_silent();
  send_beats();
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
