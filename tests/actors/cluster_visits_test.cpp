#include "tests/actors/cluster_fixture.hpp"

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using namespace std::chrono_literals;

// -- running for a peer ---------------------------------------------------

TEST_CASE_METHOD(cluster_fixture,
                 "a visiting task is submitted here, and its peer hears how it goes") {
  join_b();
  caf::send_as(b, gate, run_atom_v, run_token{.id = some_id, .attempt = 7, .lease = b_lease},
               task_request{.target = "own_tool", .arguments = {"{}"}, .timeout = 5s});
  run();
  CHECK(dispatcher.log->take("submit").front().text == "own_tool");
  REQUIRE(dispatcher.observers.size() == 1);
  auto& observer = *dispatcher.observers.front();
  observer.on_change(record_in(task_state::queued));
  auto running = record_in(task_state::running);
  observer.on_change(running);
  run();
  CHECK(b_log->take("progress").empty());
  running.progress = task_progress{.fraction = 0.5, .message = "half"};
  observer.on_change(running);
  auto ended = record_in(task_state::succeeded);
  ended.result = raw_json{"42"};
  observer.on_change(ended);
  dispatcher.observers.clear();
  run();
  CHECK(b_log->take("progress").front().text == "half");
  const auto done = b_log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().text == "42");
  CHECK(done.front().id == some_id);
  CHECK(done.front().attempt == 7);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a visiting task that this node cannot run is answered with the reason") {
  join_b();
  task_request request{.target = "own_tool", .arguments = {"{}"}};
  auto expected_code = errc::ok;
  SECTION("a tool of another node: tasks do not travel on") {
    request.target = "far_tool";
    expected_code = errc::not_found;
  }
  SECTION("an agent") {
    request.target = "agent:documents";
    expected_code = errc::not_found;
  }
  SECTION("arguments that are too large") {
    request.arguments.text.assign((1U << 20U) + 1, ' ');
    expected_code = errc::too_large;
  }
  SECTION("while the dispatcher is down") {
    retract(system(), dispatcher_path);
    expected_code = errc::unavailable;
  }
  caf::send_as(b, gate, run_atom_v, run_token{.id = some_id, .attempt = 1, .lease = b_lease},
               request);
  run();
  CHECK(dispatcher.log->take("submit").empty());
  const auto done = b_log->take("done");
  REQUIRE(done.size() == 1);
  CHECK(done.front().code == expected_code);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a visiting task that the dispatcher refuses or loses still ends at its peer") {
  join_b();
  ask_of_b(some_id);
  REQUIRE(dispatcher.observers.size() == 1);
  SECTION("refused") {
    dispatcher.observers.front()->on_refused({errc::overloaded, "the lane is full"});
    dispatcher.observers.clear();
    run();
    CHECK(b_log->take("done").front().code == errc::overloaded);
  }
  SECTION("lost with the dispatcher") {
    dispatcher.observers.clear();
    run();
    CHECK(b_log->take("done").front().code == errc::unavailable);
  }
  CHECK(b_log->take("done").empty());
}

TEST_CASE_METHOD(cluster_fixture, "a visiting task is cancelled on its peer's word") {
  join_b();
  ask_of_b(some_id);
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  run();
  caf::send_as(b, gate, cancel_atom_v, run_token{.id = some_id, .attempt = 1, .lease = b_lease},
               std::string{"the user left"});
  run();
  const auto cancels = dispatcher.log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().id == other_id);
  CHECK(cancels.front().text == "the user left");
}

TEST_CASE_METHOD(cluster_fixture, "visiting tasks of a peer that dies are cancelled") {
  join_b();
  ask_of_b(some_id);
  dispatcher.observers.front()->on_change(record_in(task_state::running));
  run();
  urgent_exit(b, caf::exit_reason::kill);
  run();
  const auto cancels = dispatcher.log->take("cancel");
  REQUIRE(cancels.size() == 1);
  CHECK(cancels.front().text == "node b, which asked, was lost");
}

TEST_CASE_METHOD(cluster_fixture,
                 "a result that is too large for the wire becomes an error, not a dead link") {
  join_b();
  ask_of_b(some_id);
  auto ended = record_in(task_state::succeeded);
  ended.result = raw_json{std::string((8U << 20U) + 1, '1')};
  dispatcher.observers.front()->on_change(ended);
  run();
  CHECK(b_log->take("done").front().code == errc::too_large);
}

TEST_CASE_METHOD(cluster_fixture, "a stranger that is no peer cannot run anything here") {
  join_b();
  const auto log = std::make_shared<log_of_messages>();
  const auto stranger = spawn_gate(log);
  caf::send_as(stranger, gate, run_atom_v, run_token{.id = some_id, .attempt = 1, .lease = b_lease},
               task_request{.target = "own_tool"});
  run();
  CHECK(dispatcher.log->take("submit").empty());
  CHECK(log->take("done").empty());
}
