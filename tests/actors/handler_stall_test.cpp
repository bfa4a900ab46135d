// The watchdog: tools that hold short-task handlers too long.

#include "libagent/telemetry/task_events.hpp"

#include "tests/actors/tasks_fixture.hpp"

#include <caf/detail/test_actor_clock.hpp>

#include <algorithm>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

class stall_fixture : public tasks_fixture {
public:
  std::vector<recording_sink::event> reported(const event_kind& kind) {
    return events().events(kind);
  }

  /// Time that passes while an actor works.
  void pass_time(duration length) {
    dynamic_cast<caf::detail::test_actor_clock&>(system().clock()).current_time += length;
  }

  /// A handler whose answers say that the tool held it for `held`.
  std::shared_ptr<fake_executor> handler;

  void start_with_handler() {
    start({tool_called("slow"), tool_called("other")});
    handler = add_fake_executor(actors::executor_kind::handler);
    (void)add_fake_executor(actors::executor_kind::worker);
  }

  task_id run_held(const std::string& tool, std::chrono::microseconds held) {
    const auto id = submit(tool, "{}");
    run();
    const auto& item = handler->items.back();
    caf::anon_send<caf::message_priority::high>(
        dispatcher, actors::done_atom_v, item.id, item.attempt,
        actors::work_outcome{.result = raw_json{"1"}, .ran = held, .held = held});
    run();
    return id;
  }

  const tool_time* time_of(const dispatcher_status& seen, const std::string& tool) {
    const auto found = std::ranges::find(seen.slowest, tool, &tool_time::tool);
    return found == seen.slowest.end() ? nullptr : &*found;
  }
};

}  // namespace

TEST_CASE_METHOD(stall_fixture, "a run that holds a handler over a millisecond is counted",
                 "[actors][stalls]") {
  start_with_handler();
  run_held("slow", 999us);
  run_held("slow", 4ms);
  const auto seen = status();
  REQUIRE(time_of(seen, "slow") != nullptr);
  CHECK(time_of(seen, "slow")->stalls == 1);
  CHECK(time_of(seen, "slow")->stalled == 4ms);
  CHECK_FALSE(time_of(seen, "slow")->moved);
  CHECK(reported(events::handler_held).size() == 0);
}

TEST_CASE_METHOD(stall_fixture, "a run beyond the budget is reported with its tool and duration",
                 "[actors][stalls]") {
  start_with_handler();
  run_held("slow", 25ms);
  CHECK(reported(events::handler_held).size() == 1);
  CHECK(reported(events::handler_held).back().fields.at("tool") == "slow");
  CHECK(reported(events::handler_held).back().fields.at("held_ms") == "25");
}

TEST_CASE_METHOD(stall_fixture, "a repeat offender runs in the batch lane, and its records say so",
                 "[actors][stalls]") {
  start_with_handler();
  for (int i = 0; i < 3; ++i)
    run_held("slow", 25ms);
  CHECK(reported(events::tool_moved).size() == 1);
  const auto moved = submit("slow", "{}");
  run();
  CHECK(lookup(moved).task_lane == lane::batch);
  CHECK_THAT(lookup(moved).note, Catch::Contains("batch lane"));
  CHECK(handler->items.size() == 3);
  const auto other = submit("other", "{}");
  CHECK(lookup(other).task_lane == lane::interactive);
}

TEST_CASE_METHOD(stall_fixture, "a run that does not end is reported once, while it runs",
                 "[actors][stalls]") {
  start_with_handler();
  submit("slow", "{}");
  run();
  handler->activity->begun.store(handler->items.at(0).sequence);
  handler->activity->running_since.store(now().time_since_epoch().count());
  advance(1s);
  CHECK(reported(events::handler_held).size() == 1);
  CHECK(reported(events::handler_held).back().fields.at("is_running") == "true");
}

TEST_CASE_METHOD(stall_fixture, "workers are there to be held", "[actors][stalls]") {
  start({tool_called("long", {}, lane::batch)});
  handler = add_fake_executor(actors::executor_kind::worker);
  run_held("long", 10s);
  CHECK(reported(events::handler_held).size() == 0);
}

TEST_CASE_METHOD(stall_fixture, "a thread that was not given a core is not the tool's fault",
                 "[actors][stalls]") {
  auto usage = std::make_shared<thread_usage>();
  start({tool_called("preempted",
                     [this, usage](const std::string&, const tool_context&) {
                       pass_time(50ms);  // The clock went on, the thread did not.
                       usage->computing += 200us;
                       return expected<std::string>{"1"};
                     }),
         tool_called("sleeps", [this, usage](const std::string&, const tool_context&) {
           pass_time(50ms);
           usage->waits += 1;
           return expected<std::string>{"1"};
         })});
  spawn<actors::short_task_handler_impl>(
      actors::executor_options{.thread_usage = [usage] { return *usage; }});
  run();
  CHECK(run_task("preempted", "{}").state == task_state::succeeded);
  CHECK(reported(events::handler_held).size() == 0);
  CHECK(run_task("sleeps", "{}").state == task_state::succeeded);
  CHECK(reported(events::handler_held).size() == 1);
}
