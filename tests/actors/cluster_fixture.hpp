#pragma once

#include "actors/bridge/directory.hpp"
#include "actors/paths.hpp"
#include "libagent/telemetry/node_events.hpp"

#include "tests/actors/cluster_parts.hpp"
#include "tests/support/actor_fixture.hpp"

#include <caf/send.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// The cluster actor of node "a", whose own tool is `own_tool`.
class cluster_fixture : public actor_fixture {
public:
  cluster_fixture() {
    network_handle = spawn([this](caf::event_based_actor* self) { return network.behavior(self); });
    network.speaks = system().message_types<node_gate_actor>();
    start_dispatcher();
  }

  ~cluster_fixture() { retract(system(), dispatcher_path); }

  cluster_fixture(const cluster_fixture&) = delete;
  cluster_fixture& operator=(const cluster_fixture&) = delete;

  void start_dispatcher() {
    dispatcher_handle = spawn([this](caf::event_based_actor*) { return dispatcher.behavior(); });
    publish(system(), dispatcher_path, caf::actor_cast<caf::strong_actor_ptr>(dispatcher_handle));
  }

  cluster_options options() {
    return {.own = offer_of("a", {"own_tool"}, 11),
            .joins = {.pause = {.initial = std::chrono::seconds{1},
                                .maximum = std::chrono::seconds{4},
                                .jitter = backoff_jitter::none}},
            .network = network_handle,
            .gate_placement = placement::pooled};
  }

  cluster_actor start(cluster_options with) {
    cluster = spawn<cluster_impl>(std::move(with));
    run();
    return cluster;
  }

  node_gate_actor spawn_gate(const log_ptr& log) { return spawn(played_gate, log); }

  /// Node "b", which offers `far_tool`, listens at `far_endpoint` and is joined.
  void join_b() {
    b = spawn_gate(b_log);
    network.listener = caf::actor_cast<caf::actor>(b);
    auto with = options();
    with.joins.nodes = {far_endpoint};
    start(std::move(with));
    welcome_b();
  }

  /// b answers to the greeting that it got.
  void welcome_b(std::uint64_t incarnation = 1) {
    const auto hellos = b_log->take("hello");
    REQUIRE(hellos.size() == 1);
    gate = caf::actor_cast<node_gate_actor>(hellos.front().from);
    caf::send_as(b, gate, welcome_atom_v, offer_of("b", {"far_tool"}, incarnation));
    run();
    REQUIRE(dispatcher.log->take("peer_up").size() == 1);
  }

  /// Moves virtual time by `step` while b says every second that it lives.
  void advance_with_b(duration step) {
    using std::chrono_literals::operator""s;
    for (; step > 0s; step -= 1s) {
      beat_of_b();
      advance(std::min<duration>(step, 1s));
    }
    beat_of_b();
    run();
  }

  void beat_of_b(peer_number lease = 0, std::uint64_t incarnation = 1) {
    caf::send_as(b, gate, beat_atom_v, incarnation, lease);
  }

  /// What b would repeat of the run that it was given, the last one of that task.
  [[nodiscard]] run_token token_at_b(const task_id& id) const { return b_log->last_run(id); }

  /// Another start of node b, or another node that says so.
  node_gate_actor greet_as_b(const log_ptr& log, std::uint64_t incarnation) {
    auto another = spawn_gate(log);
    greet_as_b(another, incarnation);
    return another;
  }

  void greet_as_b(const node_gate_actor& who, std::uint64_t incarnation) {
    caf::send_as(who, gate, hello_atom_v, offer_of("b", {"far_tool"}, incarnation));
    run();
  }

  lease_stats stats() { return ask<lease_stats>(cluster, status_atom_v, beat_atom_v); }

  std::size_t peer_count() { return ask<std::vector<node_offer>>(cluster, status_atom_v).size(); }

  std::size_t count(const event_kind& kind) { return events().events(kind).size(); }

  /// Node b asks for a run here.
  void ask_of_b(const task_id& id, std::uint32_t attempt = 1, peer_number lease = b_lease) {
    caf::send_as(
        b, gate, run_atom_v, run_token{.id = id, .attempt = attempt, .lease = lease},
        task_request{.target = "own_tool", .arguments = {"{}"}, .timeout = std::chrono::hours{1}});
    run();
  }

  void forward(const std::string& node, const task_id& id,
               std::chrono::milliseconds timeout = std::chrono::seconds{10},
               std::uint32_t attempt = 1) {
    caf::anon_send(cluster, forward_atom_v, node, id, attempt,
                   task_request{.target = "far_tool", .arguments = {"{}"}, .timeout = timeout});
    run();
  }

  played_network network;
  played_dispatcher dispatcher;
  log_ptr b_log = std::make_shared<log_of_messages>();
  caf::actor network_handle;
  caf::actor dispatcher_handle;
  cluster_actor cluster;
  node_gate_actor gate;  // this node's
  node_gate_actor b;     // node b's
};

inline task_record record_in(task_state state) {
  return {.id = other_id, .target = "own_tool", .state = state};
}

}  // namespace libagent::testing
