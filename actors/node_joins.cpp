#include "actors/node_joins.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "libagent/telemetry/node_events.hpp"

#include <caf/actor_cast.hpp>
#include <caf/node_id.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

error connect_failure(const endpoint& where, const caf::error& reason) {
  const auto what = "join node at " + to_string(where) + ": ";
  if (reason == caf::sec::cannot_connect_to_node)
    return {errc::unavailable, what + "nobody listens there"};
  if (reason == caf::sec::disconnect_during_handshake ||
      reason == caf::sec::incompatible_application_ids)
    return {errc::unsupported, what + "what listens there is no node of this version"};
  return {errc::unavailable, what + from_caf_error(reason).context};
}

}  // namespace

node_joins::node_joins(cluster_actor::pointer self, caf::actor network, std::string own_name,
                       const join_options& options)
    : self_{self},
      network_{std::move(network)},
      own_name_{std::move(own_name)},
      limit_{options.limit} {
  joins_.reserve(options.nodes.size());
  // By its name, so that nodes that lost the same peer do not all come back at once.
  const auto seed = options.seed ^ std::hash<std::string>{}(own_name_);
  for (const auto& where : options.nodes) {
    joins_.push_back({.plan = join_plan{where},
                      .pause = restart_backoff{options.pause, seed + joins_.size()},
                      .gate = {},
                      .joined_at = {},
                      .last_reason = {}});
  }
}

time_point node_joins::now() const {
  return self_->clock().now();
}

void node_joins::tick(const node_gate_actor& own_gate, const node_offer& own_offer) {
  for (std::size_t index = 0; index < joins_.size(); ++index) {
    auto& target = joins_[index];
    if (target.plan.is_overdue(now())) {
      fail(target, {errc::deadline_exceeded, "join node at " + to_string(target.plan.where()) +
                                                 ": it did not answer the handshake within " +
                                                 std::to_string(limit_.count()) + " ms"});
    }
    if (target.plan.is_due(now()))
      connect(index, own_gate, own_offer);
  }
}

void node_joins::connect(std::size_t index, const node_gate_actor& own_gate,
                         const node_offer& own_offer) {
  const auto number = joins_[index].plan.begin(now(), limit_);
  const auto& where = joins_[index].plan.where();
  // The middleman may block in connect(2) for longer than our limit; then its answer comes to a
  // try that is over. Hence no timeout here: the plan has one.
  self_->request(network_, caf::infinite, caf::connect_atom_v, where.host, where.port)
      .then(
          [this, index, number, own_gate, own_offer](const caf::node_id&,
                                                     const caf::strong_actor_ptr& found,
                                                     const std::set<std::string>& speaks) {
            auto& target = joins_[index];
            if (!target.plan.is_connecting(number))
              return;
            const auto gate = check_found(target.plan.where(), found, speaks, own_gate);
            if (!gate)
              return fail(target, gate.error());
            target.gate = gate->address();
            if (target.plan.greet(number))
              caf::send_as(own_gate, *gate, hello_atom_v, own_offer);
          },
          [this, index, number](const caf::error& reason) {
            auto& target = joins_[index];
            if (target.plan.is_connecting(number))
              fail(target, connect_failure(target.plan.where(), reason));
          });
}

expected<node_gate_actor> node_joins::check_found(const endpoint& where,
                                                  const caf::strong_actor_ptr& found,
                                                  const std::set<std::string>& speaks,
                                                  const node_gate_actor& own_gate) const {
  const auto what = "join node at " + to_string(where) + ": ";
  const auto needed = self_->system().message_types<node_gate_actor>();
  if (!found || !std::ranges::includes(speaks, needed))
    return error{errc::unsupported, what + "what listens there is no node of this version"};
  auto gate = caf::actor_cast<node_gate_actor>(found);
  if (gate == own_gate)
    return error{errc::invalid_argument, what + "this is the node's own address"};
  return gate;
}

void node_joins::fail(join_target& failed, const error& why) {
  failed.gate = nullptr;
  failed.plan.wait_until(now() + failed.pause.next_delay());
  if (std::exchange(failed.last_reason, why.context) == why.context)
    return;
  const auto address = to_string(failed.plan.where());
  events_of(self_->system())
      .emit(events::node_join_failed, {{"node", std::string_view{own_name_}},
                                       {"address", std::string_view{address}},
                                       {"reason", std::string_view{why.context}}});
}

node_joins::join_target* node_joins::find_by(const caf::actor_addr& gate) {
  const auto found =
      std::ranges::find_if(joins_, [&gate](const join_target& each) { return each.gate == gate; });
  return found == joins_.end() ? nullptr : &*found;
}

bool node_joins::is_greeting(const caf::actor_addr& gate) const {
  return std::ranges::any_of(joins_, [&gate](const join_target& each) {
    return each.gate == gate && each.plan.at() == join_plan::stage::greeting;
  });
}

void node_joins::joined(const caf::actor_addr& gate) {
  for (auto& each : joins_) {
    if (each.gate != gate || each.plan.at() != join_plan::stage::greeting)
      continue;
    each.plan.join();
    each.joined_at = now();
    each.last_reason.clear();
  }
}

void node_joins::refused(const caf::actor_addr& gate, const error& why) {
  if (auto* const asked = find_by(gate))
    fail(*asked, {why.code, "join node at " + to_string(asked->plan.where()) + ": " + why.context});
}

void node_joins::lost(const caf::actor_addr& gate) {
  for (auto& each : joins_) {
    if (each.gate != gate)
      continue;
    each.gate = nullptr;
    if (each.plan.at() == join_plan::stage::joined)
      each.pause.note_uptime(now() - each.joined_at);
    each.plan.wait_until(now() + each.pause.next_delay());
  }
}

}  // namespace libagent::actors
