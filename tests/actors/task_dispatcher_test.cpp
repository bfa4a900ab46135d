#include "tests/actors/tasks_fixture.hpp"

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE_METHOD(tasks_fixture, "a submitted task runs on a handler and can be looked up",
                 "[dispatcher]") {
  start({tool_called("echo")});
  add_executors(actors::executor_kind::handler, 1);
  const auto accepted = ask<task_record>(dispatcher, actors::submit_atom_v, request("echo", "[1]"));
  CHECK(accepted.state == task_state::queued);
  CHECK(accepted.accepted_at == unix_now());
  CHECK(accepted.deadline == unix_now() + 30'000);
  const auto ended = lookup(accepted.id);
  CHECK(ended.state == task_state::succeeded);
  CHECK(ended.attempt == 1);
  CHECK(ended.result == raw_json{"[1]"});
}

TEST_CASE_METHOD(tasks_fixture, "run answers with the terminal record", "[dispatcher]") {
  start({tool_called("echo"),
         tool_called(
             "fails",
             [](auto&, auto&) -> expected<std::string> { return error{errc::tool_failed, "no"}; }),
         tool_called("throws", [](auto&, auto&) -> expected<std::string> {
           throw std::runtime_error{"boom"};
         })});
  add_executors(actors::executor_kind::handler, 1);
  CHECK(run_task("echo", "{}").state == task_state::succeeded);
  const auto failed = run_task("fails", "{}");
  CHECK(failed.state == task_state::failed);
  CHECK(failed.failure == error{errc::tool_failed, "no"});
  CHECK(run_task("throws", "{}").failure == error{errc::tool_failed, "throws threw: boom"});
  const auto seen = status();
  CHECK(seen.succeeded == 1);
  CHECK(seen.failed == 2);
}

TEST_CASE_METHOD(tasks_fixture, "a refused submit says why and is counted", "[dispatcher]") {
  start({tool_called("echo")});
  auto refused = [this](task_request asked) {
    return ask_expected<task_record>(dispatcher, actors::submit_atom_v, std::move(asked)).error();
  };
  const auto unknown = refused(request("ecko", "{}"));
  CHECK(unknown.code == errc::not_found);
  CHECK(unknown.context.find("did you mean \"echo\"") != std::string::npos);
  CHECK(refused(request("echo", "{\"bad\":1}")) ==
        error{errc::invalid_argument, "/bad: unknown field"});
  auto hasty = request("echo", "{}");
  hasty.timeout = 0ms;
  CHECK(refused(hasty).code == errc::invalid_argument);
  CHECK(refused(request("echo", std::string(2 << 20, ' '))).code == errc::too_large);
  CHECK(status().interactive.refused == 4);
}

TEST_CASE_METHOD(tasks_fixture, "an observer hears every state and the end exactly once",
                 "[dispatcher]") {
  start({tool_called("echo")});
  auto observer = std::make_shared<recording_observer>();
  submit_observed("echo", "{}", observer);
  run();
  CHECK(observer->states() == "queued");
  add_executors(actors::executor_kind::handler, 1);
  run();
  CHECK(observer->states() == "queued running succeeded");
  CHECK(observer.use_count() == 1);  // The dispatcher let go of it.
}

TEST_CASE_METHOD(tasks_fixture, "an observer of a refused submit hears the refusal",
                 "[dispatcher]") {
  start({});
  auto observer = std::make_shared<recording_observer>();
  submit_observed("nothing", "{}", observer);
  run();
  REQUIRE(observer->refusal);
  CHECK(observer->refusal->code == errc::not_found);
  CHECK(observer->seen.empty());
  CHECK(observer.use_count() == 1);
}

TEST_CASE_METHOD(tasks_fixture, "a watcher hears the present state at once", "[dispatcher]") {
  start({tool_called("echo")});
  const auto id = submit("echo", "{}");
  auto early = watch(id);
  CHECK(early->states() == "queued");
  add_executors(actors::executor_kind::handler, 1);
  run();
  CHECK(early->states() == "queued running succeeded");
  auto late = watch(id);
  CHECK(late->states() == "succeeded");
  CHECK(late.use_count() == 1);
  auto lost = watch(task_id{});
  REQUIRE(lost->refusal);
  CHECK(lost->refusal->code == errc::not_found);
}

TEST_CASE_METHOD(tasks_fixture, "when the dispatcher dies, nobody waits in silence",
                 "[dispatcher]") {
  start({tool_called("echo")});
  auto observer = std::make_shared<recording_observer>();
  submit_observed("echo", "{}", observer);
  auto answer = begin_ask<task_record>(dispatcher, actors::run_atom_v, request("echo", "{}"));
  run();
  actors::urgent_exit(dispatcher, caf::exit_reason::user_shutdown);
  run();
  CHECK(observer.use_count() == 1);
  CHECK(observer->states() == "queued");
  CHECK(answer.get().error().code == errc::unavailable);
}

TEST_CASE_METHOD(tasks_fixture, "a queued task that is cancelled never runs", "[dispatcher]") {
  auto echo = tool_called("echo");
  start({echo});
  const auto id = submit("echo", "{}");
  const auto record =
      ask<task_record>(dispatcher, actors::cancel_atom_v, id, std::string{"enough"});
  CHECK(record.state == task_state::cancelled);
  CHECK(record.failure == error{errc::cancelled, "run echo: enough"});
  add_executors(actors::executor_kind::handler, 1);
  run();
  CHECK(echo->runs() == 0);
  const auto again = ask<task_record>(dispatcher, actors::cancel_atom_v, id, std::string{"again"});
  CHECK(again.failure->context == "run echo: enough");
  CHECK(ask_expected<task_record>(dispatcher, actors::cancel_atom_v, task_id{}, std::string{})
            .error()
            .code == errc::not_found);
}

TEST_CASE_METHOD(tasks_fixture,
                 "a running task that is cancelled ends at once, its executor when it answers",
                 "[dispatcher]") {
  start({tool_called("echo")});
  auto executor = add_fake_executor(actors::executor_kind::handler);
  const auto first = submit("echo", "[1]");
  const auto second = submit("echo", "[2]");
  REQUIRE(executor->items.size() == 1);
  CHECK_FALSE(executor->items[0].stop.stop_requested());
  CHECK(cancel(first).state == task_state::cancelled);
  CHECK(executor->items[0].stop.stop_requested());
  CHECK(executor->items.size() == 1);  // Still busy with the cancelled one.
  executor->answer(0, "\"late\"");
  run();
  CHECK(lookup(first).state == task_state::cancelled);
  CHECK(status().late == 1);
  REQUIRE(executor->items.size() == 2);
  CHECK(executor->items[1].id == second);
}

TEST_CASE_METHOD(tasks_fixture, "a task expires at its deadline, queued or running",
                 "[dispatcher]") {
  start({tool_called("echo")});
  auto executor = add_fake_executor(actors::executor_kind::handler);
  auto asked = request("echo", "{}");
  asked.timeout = 1'000ms;
  auto running = begin_ask<task_record>(dispatcher, actors::run_atom_v, asked);
  auto queued = begin_ask<task_record>(dispatcher, actors::run_atom_v, asked);
  run();
  advance(999ms);
  CHECK_FALSE(running.arrived());
  advance(5ms);
  CHECK(running.get()->state == task_state::expired);
  CHECK(running.get()->failure->code == errc::deadline_exceeded);
  CHECK(running.get()->failure->context ==
        "run echo: the time limit of 1000 ms passed while it was running");
  CHECK(queued.get()->failure->context ==
        "run echo: the time limit of 1000 ms passed while it was still waiting");
  CHECK(executor->items.size() == 1);
  CHECK(executor->items[0].stop.stop_requested());
}

TEST_CASE_METHOD(tasks_fixture, "draining refuses new tasks and waits for the old ones",
                 "[dispatcher]") {
  start({tool_called("echo")});
  auto executor = add_fake_executor(actors::executor_kind::handler);
  submit("echo", "[1]");
  submit("echo", "[2]");
  auto drained = begin_ask<void>(dispatcher, actors::drain_atom_v);
  run();
  const auto refused =
      ask_expected<task_record>(dispatcher, actors::submit_atom_v, request("echo", "{}")).error();
  CHECK(refused.code == errc::unavailable);
  executor->answer(0, "1");
  run();
  CHECK_FALSE(drained.arrived());
  executor->answer(1, "2");
  run();
  CHECK(drained.arrived());
}

TEST_CASE_METHOD(tasks_fixture, "memory pressure refuses batch tasks, then pauses them",
                 "[dispatcher]") {
  start({tool_called("echo"), tool_called("index", {}, lane::batch)});
  auto worker = add_fake_executor(actors::executor_kind::worker);
  submit("index", "[1]");
  submit("index", "[2]");
  REQUIRE(worker->items.size() == 1);
  ask<void>(dispatcher, actors::pressure_atom_v, pressure_level::critical);
  const auto refused =
      ask_expected<task_record>(dispatcher, actors::submit_atom_v, request("index", "{}")).error();
  CHECK(refused.code == errc::overloaded);
  CHECK(refused.context ==
        "admit index: memory pressure is critical, batch tasks are refused until it falls");
  CHECK(refused.retry_after);
  submit("echo", "{}");
  worker->answer(0, "1");
  run();
  CHECK(worker->items.size() == 1);
  ask<void>(dispatcher, actors::pressure_atom_v, pressure_level::high);
  CHECK(worker->items.size() == 2);
}

TEST_CASE_METHOD(tasks_fixture, "each kind of tool goes to its kind of executor", "[dispatcher]") {
  start({tool_called("inline"), tool_called("blocks", {}, lane::interactive, isolation::thread),
         tool_called("long", {}, lane::batch)});
  auto handler = add_fake_executor(actors::executor_kind::handler);
  auto blocking = add_fake_executor(actors::executor_kind::blocking);
  auto worker = add_fake_executor(actors::executor_kind::worker);
  submit("inline", "{}");
  submit("blocks", "{}");
  submit("long", "{}");
  CHECK(handler->items.size() == 1);
  CHECK(blocking->items.size() == 1);
  CHECK(worker->items.size() == 1);
  handler->answer(0, "1");
  blocking->answer(0, "1");
  worker->answer(0, "1");
  auto moved = request("inline", "{}");
  moved.lane_override = lane::batch;
  ask<task_record>(dispatcher, actors::submit_atom_v, moved);
  CHECK(worker->items.size() == 2);
  moved = request("long", "{}");
  moved.lane_override = lane::interactive;
  ask<task_record>(dispatcher, actors::submit_atom_v, moved);
  CHECK(blocking->items.size() == 2);
  CHECK(status().interactive.executors == 2);
  CHECK(status().batch.executors == 1);
}

TEST_CASE_METHOD(tasks_fixture, "a listing has the live tasks first and leaves results out",
                 "[dispatcher]") {
  start({tool_called("echo")});
  auto executor = add_fake_executor(actors::executor_kind::handler);
  const auto first = submit("echo", "[1]");
  executor->answer(0, "\"big\"");
  const auto second = submit("echo", "[2]");
  const auto third = submit("echo", "[3]");
  const auto listed = ask<std::vector<task_record>>(dispatcher, actors::list_atom_v);
  REQUIRE(listed.size() == 3);
  CHECK(listed[0].id == second);
  CHECK(listed[1].id == third);
  CHECK(listed[2].id == first);
  CHECK_FALSE(listed[2].result);
  CHECK(lookup(first).result == raw_json{"\"big\""});
}
