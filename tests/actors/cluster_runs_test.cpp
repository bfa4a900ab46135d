#include "tests/actors/cluster_fixture.hpp"

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using namespace std::chrono_literals;

// -- running at a peer ----------------------------------------------------

TEST_CASE_METHOD(cluster_fixture,
                 "a forwarded task runs at its peer and its result comes back once") {
  join_b();
  forward("b", some_id);
  const auto runs = b_log->take("run");
  REQUIRE(runs.size() == 1);
  CHECK(runs.front().text == "far_tool");
  caf::send_as(b, gate, progress_atom_v, token_at_b(some_id),
               task_progress{.fraction = 0.5, .message = "half"});
  const work_outcome result{.result = raw_json{"42"}, .failure = {}};
  caf::send_as(b, gate, done_atom_v, token_at_b(some_id), result);
  caf::send_as(b, gate, done_atom_v, token_at_b(some_id), result);
  run();
  CHECK(dispatcher.log->take("progress").front().text == "half");
  const auto done = dispatcher.log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().text == "42");
  CHECK(done.front().id == some_id);
}

TEST_CASE_METHOD(cluster_fixture,
                 "an answer from another node or for another attempt is not taken") {
  join_b();
  forward("b", some_id);
  const auto stranger = spawn_gate(std::make_shared<log_of_messages>());
  const work_outcome result{.result = raw_json{"42"}, .failure = {}};
  auto next_attempt = token_at_b(some_id);
  ++next_attempt.attempt;
  auto other_lease = token_at_b(some_id);
  ++other_lease.lease;
  caf::send_as(stranger, gate, done_atom_v, token_at_b(some_id), result);
  caf::send_as(b, gate, done_atom_v, next_attempt, result);
  caf::send_as(b, gate, progress_atom_v, next_attempt, task_progress{});
  caf::send_as(b, gate, done_atom_v, other_lease, result);
  caf::send_as(b, gate, progress_atom_v, other_lease, task_progress{});
  caf::anon_send(gate, done_atom_v, token_at_b(some_id), result);
  run();
  CHECK(dispatcher.log->take("done").empty());
  CHECK(dispatcher.log->take("progress").empty());
  CHECK(events().events(events::node_late_answer).size() == 3);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a peer that dies is reported at once and joined again when it is back") {
  join_b();
  forward("b", some_id);
  urgent_exit(b, caf::exit_reason::kill);
  run();
  const auto lost = dispatcher.log->take("peer_down");
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().text == "b");
  CHECK(events().events(events::node_lost).front().fields.at("runs") == "1");

  b = spawn_gate(b_log);
  network.listener = caf::actor_cast<caf::actor>(b);
  advance(250ms);
  REQUIRE(b_log->take("hello").size() == 1);
  caf::send_as(b, gate, welcome_atom_v, offer_of("b", {"far_tool"}));
  run();
  CHECK(dispatcher.log->take("peer_up").size() == 1);
  // The run of the node that died is nothing that its successor could answer.
  caf::send_as(b, gate, done_atom_v, token_at_b(some_id),
               work_outcome{.result = raw_json{"42"}, .failure = {}});
  run();
  CHECK(dispatcher.log->take("done").empty());
}

TEST_CASE_METHOD(cluster_fixture,
                 "a cancel is passed on to the peer, whose answer still frees the run") {
  join_b();
  forward("b", some_id);
  caf::anon_send(cluster, cancel_atom_v, some_id, std::string{"the user left"});
  run();
  const auto cancels = b_log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().text == "the user left");
  caf::send_as(b, gate, done_atom_v, token_at_b(some_id),
               work_outcome{.result = {}, .failure = error{errc::cancelled, "the user left"}});
  run();
  CHECK(dispatcher.log->take("done").size() == 1);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a peer that never answers is given up a second after the task's deadline") {
  join_b();
  forward("b", some_id, 5s);
  advance_with_b(5'900ms);
  CHECK(dispatcher.log->take("done").empty());
  advance(400ms);
  const auto done = dispatcher.log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().code == errc::deadline_exceeded);
  CHECK(b_log->take("cancel").size() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "what cannot be forwarded fails with a reason") {
  join_b();
  SECTION("to a node that is not there") {
    forward("z", some_id);
    const auto done = dispatcher.log->take("done");
    REQUIRE(done.size() == 1);
    CHECK(done.front().code == errc::unavailable);
    CHECK(done.front().text == "run far_tool on node z: there is no such node now");
    CHECK(dispatcher.log->take("peer_down").front().text == "z");
  }
  SECTION("with arguments that are too large") {
    caf::anon_send(
        cluster, forward_atom_v, std::string{"b"}, some_id, std::uint32_t{1},
        task_request{.target = "far_tool", .arguments = {std::string((1U << 20U) + 1, ' ')}});
    run();
    CHECK(dispatcher.log->take("done").front().code == errc::too_large);
    CHECK(b_log->take("run").empty());
  }
  SECTION("past the limit of runs at one peer") {
    for (std::uint64_t i = 0; i < 65; ++i)
      forward("b", make_task_id(1'700'000'000'000, i, i));
    CHECK(b_log->take("run").size() == 64);
    const auto done = dispatcher.log->take("done");
    REQUIRE(done.size() == 1);
    CHECK(done.front().code == errc::overloaded);
  }
}

TEST_CASE_METHOD(
    cluster_fixture,
    "a restarted dispatcher learns of the peers, and what the old one asked for is cancelled") {
  join_b();
  forward("b", some_id);
  urgent_exit(dispatcher_handle, caf::exit_reason::kill);
  run();
  start_dispatcher();
  advance(250ms);
  CHECK(dispatcher.log->take("peer_up").size() == 1);
  CHECK(b_log->take("cancel").size() == 1);
  advance_with_b(10s);
  CHECK(dispatcher.log->take("peer_up").empty());
}
