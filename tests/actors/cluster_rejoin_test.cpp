#include "tests/actors/cluster_fixture.hpp"

// What a node does that was given up, and one that was started again.

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

const work_outcome answer_43{.result = raw_json{"43"}, .failure = {}};

}  // namespace

// -- this node was given up -------------------------------------------------

TEST_CASE_METHOD(cluster_fixture,
                 "a node that is told of the end of its lease cancels what it ran and joins anew") {
  join_b();
  ask_of_b(some_id);
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  forward("b", other_id);
  caf::send_as(b, gate, lapse_atom_v, std::uint64_t{0});
  run();
  const auto cancels = dispatcher.log->take("cancel");
  REQUIRE_FALSE(cancels.empty());
  CHECK(cancels.front().text == "node b, which asked, had given it up");
  CHECK(dispatcher.log->take("peer_down").size() == 1);  // b stopped what it ran for this node
  CHECK(count(events::node_lease_over) == 1);
  // The local task ends, and there is nobody to hear of it.
  dispatcher.observers.front()->on_change(record_in(task_state::cancelled));
  run();
  CHECK(b_log->take("done").empty());
  advance(1s);
  welcome_b();
  CHECK(peer_count() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "the end of one lease leaves what runs under another alone") {
  join_b();
  ask_of_b(some_id);
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  run();
  caf::send_as(b, gate, lapse_atom_v, b_lease + 1);
  run();
  CHECK(dispatcher.log->take("cancel").empty());
  caf::send_as(b, gate, lapse_atom_v, b_lease);
  run();
  CHECK(dispatcher.log->take("cancel").size() == 1);
  CHECK(peer_count() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "a run under a new lease ends those under the one before") {
  join_b();
  ask_of_b(some_id);
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  run();
  ask_of_b(some_id, 2, b_lease + 1);  // the same task again: it was given up under the old lease
  CHECK(dispatcher.log->take("submit").size() == 2);
  const auto cancels = dispatcher.log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().id == other_id);
  CHECK(b_log->take("done").empty());
}

TEST_CASE_METHOD(cluster_fixture,
                 "a peer that forgot this one learns of it when it asks for a run") {
  join_b();
  forward("b", some_id, 1min);
  caf::send_as(b, gate, lapse_atom_v, std::uint64_t{0});  // what b answers to such a run
  run();
  CHECK(dispatcher.log->take("peer_down").size() == 1);
  CHECK(b_log->take("lapse").empty());  // told once, and not back and forth
}

// -- another start of the same node -----------------------------------------

TEST_CASE_METHOD(cluster_fixture,
                 "a restarted node takes its place at once, and what it ran before is lost") {
  join_b();
  forward("b", some_id, 1min);
  const auto earlier = token_at_b(some_id);
  const auto new_log = std::make_shared<log_of_messages>();
  const auto restarted = greet_as_b(new_log, 2);  // the old connection still seems to be there
  CHECK(new_log->take("welcome").size() == 1);
  CHECK(dispatcher.log->take("peer_down").size() == 1);
  CHECK(dispatcher.log->take("peer_up").size() == 1);
  CHECK(peer_count() == 1);
  CHECK(count(events::node_replaced) == 1);
  CHECK(b_log->take("refuse").front().code == errc::already_exists);

  caf::send_as(b, gate, done_atom_v, earlier, answer_43);
  caf::send_as(restarted, gate, done_atom_v, earlier, answer_43);
  run();
  CHECK(dispatcher.log->take("done").empty());
  CHECK(stats().late_answers == 2);

  forward("b", some_id, 1min, 2);
  CHECK(new_log->take("run").size() == 1);
  CHECK(b_log->take("run").size() == 1);  // the first one only
}

TEST_CASE_METHOD(cluster_fixture,
                 "an earlier start cannot take the name back while the later one is there") {
  join_b();
  const auto new_log = std::make_shared<log_of_messages>();
  const auto later = greet_as_b(new_log, 2);
  b_log->take("refuse");
  greet_as_b(b, 1);
  REQUIRE(b_log->take("refuse").size() == 1);
  CHECK(new_log->take("refuse").empty());
  CHECK(peer_count() == 1);
  urgent_exit(later, caf::exit_reason::kill);
  run();
  greet_as_b(b, 1);
  CHECK(b_log->take("welcome").size() == 1);
  CHECK(peer_count() == 1);
}

TEST_CASE_METHOD(cluster_fixture, "in whatever order a node dies and comes back, one run is left") {
  const auto seed = GENERATE(range(0U, 64U));
  CAPTURE(seed);
  join_b();
  forward("b", some_id, 1min);
  const auto earlier = token_at_b(some_id);
  const auto new_log = std::make_shared<log_of_messages>();
  const auto restarted = spawn_gate(new_log);
  caf::send_as(restarted, gate, hello_atom_v, offer_of("b", {"far_tool"}, 2));
  caf::send_as(b, gate, done_atom_v, earlier, answer_43);
  caf::send_as(b, gate, lapse_atom_v, std::uint64_t{0});
  urgent_exit(b, caf::exit_reason::kill);
  run_shuffled(seed);
  CHECK(peer_count() == 1);
  const auto answered = dispatcher.log->take("done").size();
  CHECK(answered + stats().late_answers == 1);
  CHECK(dispatcher.log->take("peer_down").size() == 1);
  CHECK(dispatcher.log->take("peer_up").size() == 1);
}
