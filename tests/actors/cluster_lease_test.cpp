#include "tests/actors/cluster_fixture.hpp"

// Leases of peers: who is silent is lost, and who comes back late is refused and told.

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

const work_outcome answer_42{.result = raw_json{"42"}, .failure = {}};

}  // namespace

// -- heartbeats -------------------------------------------------------------

TEST_CASE_METHOD(cluster_fixture,
                 "heartbeats go on, and name the lease, however long a visiting run takes") {
  join_b();
  b_log->take("beat");
  ask_of_b(some_id);
  REQUIRE(dispatcher.observers.size() == 1);  // it never ends
  advance_with_b(30s);
  const auto beats = b_log->take("beat");
  CHECK(beats.size() == 30);
  for (const auto& beat : beats) {
    CHECK(beat.text == "11");
    CHECK(beat.lease == b_lease);
  }
  CHECK(dispatcher.log->take("peer_down").empty());
  CHECK(dispatcher.log->take("cancel").empty());
}

TEST_CASE_METHOD(cluster_fixture, "a silent peer is lost at the end of its lease and not before") {
  join_b();
  forward("b", some_id, 1min);
  advance(4'999ms);
  CHECK(dispatcher.log->take("peer_down").empty());
  CHECK(b_log->take("lapse").empty());
  advance(1ms);
  REQUIRE(dispatcher.log->take("peer_down").size() == 1);
  CHECK(is_alive(b));
  const auto told = b_log->take("lapse");
  REQUIRE(told.size() == 1);
  CHECK(told.front().lease == 0);
  REQUIRE(count(events::node_lease_lapsed) == 1);
  CHECK(events().events(events::node_lease_lapsed).front().fields.at("silence_ms") == "5000");
  CHECK(events().events(events::node_lost).front().fields.at("runs") == "1");
  CHECK(stats() == lease_stats{.lapsed = 1, .told = 1});
}

TEST_CASE_METHOD(cluster_fixture, "whatever a peer says keeps its lease") {
  join_b();
  forward("b", some_id, 1min);
  SECTION("heartbeats") {
    for (int i = 0; i < 5; ++i) {
      beat_of_b();
      advance(4s);
    }
    CHECK(stats().beats == 5);
  }
  SECTION("progress") {
    for (int i = 0; i < 5; ++i) {
      caf::send_as(b, gate, progress_atom_v, token_at_b(some_id), task_progress{});
      advance(4s);
    }
  }
  SECTION("what it asks for") {
    for (std::uint64_t i = 0; i < 5; ++i) {
      ask_of_b(make_task_id(1'700'000'000'000, i, i));
      advance(4s);
    }
  }
  CHECK(dispatcher.log->take("peer_down").empty());
}

TEST_CASE_METHOD(cluster_fixture, "a heartbeat of another start of the node keeps nothing") {
  join_b();
  for (int i = 0; i < 5; ++i) {
    beat_of_b(0, /*incarnation=*/2);
    advance(1s);
  }
  CHECK(dispatcher.log->take("peer_down").size() == 1);
  CHECK(stats().beats == 0);
}

TEST_CASE_METHOD(cluster_fixture, "what a silent peer asked for is cancelled") {
  join_b();
  ask_of_b(some_id);
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  advance(5s);
  const auto cancels = dispatcher.log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().id == other_id);
}

TEST_CASE_METHOD(cluster_fixture, "a short lease is kept by heartbeats that are as much closer") {
  auto with = options();
  with.leases = {.beat = 50ms, .lapse = 250ms};
  with.listen = endpoint{.host = "127.0.0.1", .port = 0};
  start(with);
  gate = caf::actor_cast<node_gate_actor>(network.log->take("publish").front().from);
  b = greet_as_b(b_log, 1);
  advance(249ms);
  CHECK(b_log->take("beat").size() == 4);
  CHECK(dispatcher.log->take("peer_down").empty());
  advance(1ms);
  CHECK(dispatcher.log->take("peer_down").size() == 1);
}

// -- the one that was given up ----------------------------------------------

TEST_CASE_METHOD(cluster_fixture, "the late answer of a peer that was given up is refused") {
  join_b();
  forward("b", some_id, 1min);
  advance(5s);
  CHECK(b_log->take("lapse").size() == 1);
  caf::send_as(b, gate, done_atom_v, token_at_b(some_id), answer_42);
  run();
  CHECK(dispatcher.log->take("done").empty());
  REQUIRE(count(events::node_late_answer) == 1);
  CHECK(events().events(events::node_late_answer).front().fields.at("task") == to_string(some_id));
  CHECK(stats().late_answers == 1);
}

TEST_CASE_METHOD(cluster_fixture,
                 "what a peer said before it read the new greeting does not end the new lease") {
  join_b();
  forward("b", some_id, 1min);
  advance(5s);
  CHECK(b_log->take("lapse").size() == 1);
  beat_of_b();
  ask_of_b(other_id);
  caf::send_as(b, gate, done_atom_v, token_at_b(some_id), answer_42);
  run();
  CHECK(b_log->take("lapse").empty());
  welcome_b();
  advance_with_b(10s);
  CHECK(b_log->take("lapse").empty());
  CHECK(peer_count() == 1);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a peer that is back cannot answer for what it ran under its earlier lease") {
  join_b();
  forward("b", some_id, 1min);
  const auto earlier = token_at_b(some_id);
  advance(5s);
  b_log->take("lapse");
  welcome_b();
  forward("b", some_id, 1min, 2);
  const auto present = token_at_b(some_id);
  REQUIRE(present.lease != earlier.lease);
  // Not even when the attempt were the same.
  for (const auto attempt : {1U, 2U}) {
    caf::send_as(b, gate, done_atom_v,
                 run_token{.id = some_id, .attempt = attempt, .lease = earlier.lease}, answer_42);
    run();
    CHECK(dispatcher.log->take("done").empty());
    const auto told = b_log->take("lapse");
    REQUIRE(told.size() == 1);
    CHECK(told.front().lease == earlier.lease);
  }
  caf::send_as(b, gate, done_atom_v, present, answer_42);
  run();
  CHECK(dispatcher.log->take("done").size() == 1);
  CHECK(stats().late_answers == 2);
}

TEST_CASE_METHOD(cluster_fixture, "a heartbeat under an earlier lease is answered with its end") {
  join_b();
  forward("b", some_id, 1min);
  const auto earlier = token_at_b(some_id).lease;
  beat_of_b(earlier);
  run();
  CHECK(b_log->take("lapse").empty());
  advance(5s);
  welcome_b();
  b_log->take("lapse");
  beat_of_b(earlier);
  run();
  const auto told = b_log->take("lapse");
  REQUIRE(told.size() == 1);
  CHECK(told.front().lease == earlier);
  CHECK(dispatcher.log->take("peer_down").size() == 1);  // it is a peer all the same
}

TEST_CASE_METHOD(cluster_fixture, "whoever takes this node for its peer in error is told so") {
  join_b();
  const auto log = std::make_shared<log_of_messages>();
  const auto stranger = spawn_gate(log);
  SECTION("by a heartbeat") {
    caf::send_as(stranger, gate, beat_atom_v, std::uint64_t{5}, std::uint64_t{0});
  }
  SECTION("by a run") {
    caf::send_as(stranger, gate, run_atom_v, run_token{.id = some_id, .attempt = 1, .lease = 1},
                 task_request{.target = "own_tool"});
  }
  SECTION("by an answer") {
    caf::send_as(stranger, gate, done_atom_v, run_token{.id = some_id, .attempt = 1, .lease = 1},
                 answer_42);
  }
  run();
  const auto told = log->take("lapse");
  REQUIRE(told.size() == 1);
  CHECK(told.front().lease == 0);
  CHECK(dispatcher.log->take("submit").empty());
}
