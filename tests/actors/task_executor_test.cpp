#include "libagent/base/contract.hpp"

#include "tests/actors/tasks_fixture.hpp"

#include <algorithm>
#include <optional>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// A tool with a bug: it breaks a contract in its first `failures` runs.
std::shared_ptr<fake_tool> buggy_tool(int failures, effects what = effects::idempotent) {
  auto left = std::make_shared<int>(failures);
  return tasks_fixture::tool_called(
      "buggy",
      [left](auto&, auto&) -> expected<std::string> {
        LIBAGENT_EXPECTS((*left)-- <= 0);
        return std::string{"1"};
      },
      lane::interactive, isolation::inline_call, what);
}

/// Answers `acquire` as the test says, and notes what it is told.
struct fake_cache {
  std::optional<expected<cache_answer>> next;
  std::vector<std::string> keys;
  std::vector<std::string> told;
  cache_regret regret;

  caf::behavior behavior(caf::event_based_actor* self) {
    using namespace libagent::actors;
    set_quiet_handlers(self);
    return {
        [this, self](acquire_atom, const cache_ask& ask) {
          keys.push_back(ask.name.key);
          auto answer = self->make_response_promise<cache_answer>();
          if (!next)
            waiting.push_back(answer);
          else if (*next)
            answer.deliver(next->value());
          else
            answer.deliver(to_caf_error(next->error()));
          return answer;
        },
        [this](wake_atom) {
          for (auto& answer : waiting)
            answer.deliver(next->value());
        },
        [this](fulfil_atom, const cache_name&, std::uint64_t token, const cache_fill& fill) {
          told.push_back("fulfil " + std::to_string(token) + " " + fill.value.str());
        },
        [this](abandon_atom, const cache_name&, std::uint64_t token, const error& why) {
          told.push_back("abandon " + std::to_string(token) + " " + why.context);
          return regret;
        },
    };
  }

  std::vector<caf::typed_response_promise<cache_answer>> waiting;
};

class executor_fixture : public tasks_fixture {
public:
  std::shared_ptr<fake_cache> add_cache() {
    auto cache = std::make_shared<fake_cache>();
    publish_as(actors::cache_route::path_of(0U),
               spawn([cache](caf::event_based_actor* self) { return cache->behavior(self); }));
    return cache;
  }

  static std::shared_ptr<fake_tool> cached_tool(fake_tool::body body = {}) {
    return std::make_shared<fake_tool>(tool_spec{.name = "cached",
                                                 .description = "A fake.",
                                                 .tool_effects = effects::pure,
                                                 .cache_ttl = 1'000ms},
                                       std::move(body));
  }
};

}  // namespace

TEST_CASE_METHOD(executor_fixture, "a bug in a tool kills its handler, and the task runs again",
                 "[executor]") {
  start({buggy_tool(1)});
  const auto first = add_executors(actors::executor_kind::handler, 1);
  auto observer = std::make_shared<recording_observer>();
  submit_observed("buggy", "{}", observer);
  run();
  CHECK_FALSE(is_alive(first[0]));
  CHECK(observer->states() == "queued running queued");
  add_executors(actors::executor_kind::handler, 1);
  CHECK(observer->states() == "queued running queued running succeeded");
  CHECK(observer->seen.back().attempt == 2);
  CHECK(status().retried == 1);
}

TEST_CASE_METHOD(executor_fixture, "a task that killed three handlers is dead, with the reason",
                 "[executor]") {
  start({buggy_tool(99)});
  const auto id = submit("buggy", "{}");
  for (int i = 0; i < 3; ++i)
    add_executors(actors::executor_kind::handler, 1);
  const auto record = lookup(id);
  CHECK(record.state == task_state::dead);
  CHECK(record.attempt == 3);
  CHECK(record.failure->context.find("gave up after 3 crashes") != std::string::npos);
  CHECK(record.failure->context.find("contract violated") != std::string::npos);
  const auto last = add_executors(actors::executor_kind::handler, 1);
  CHECK(is_alive(last[0]));
}

TEST_CASE_METHOD(executor_fixture, "a tool with effects is not run twice after a crash",
                 "[executor]") {
  auto once = buggy_tool(1, effects::once);
  start({once});
  const auto id = submit("buggy", "{}");
  add_executors(actors::executor_kind::handler, 1);
  CHECK(lookup(id).state == task_state::dead);
  add_executors(actors::executor_kind::handler, 1);
  CHECK(once->runs() == 1);
}

TEST_CASE_METHOD(executor_fixture, "a handler's crash costs no attempt to the tasks in its mailbox",
                 "[executor]") {
  auto echo = tool_called("echo", {}, lane::interactive, isolation::inline_call, effects::once);
  start({buggy_tool(1, effects::once), echo});
  const auto buggy = submit("buggy", "{}");
  const auto innocent = submit("echo", "[1]");
  add_executors(actors::executor_kind::handler, 1, 8);
  CHECK(lookup(buggy).state == task_state::dead);
  CHECK(lookup(innocent).state == task_state::queued);
  add_executors(actors::executor_kind::handler, 1, 8);
  CHECK(lookup(innocent).state == task_state::succeeded);
  CHECK(lookup(innocent).attempt == 1);
}

TEST_CASE_METHOD(executor_fixture, "an executor that is ordered to exit loses no task",
                 "[executor]") {
  start({tool_called("echo")});
  auto executor = add_fake_executor(actors::executor_kind::handler);
  const auto id = submit("echo", "[1]");
  executor->activity->begun.store(executor->items.at(0).sequence);
  actors::urgent_exit(executor->who, caf::exit_reason::kill);
  run();
  CHECK(lookup(id).state == task_state::queued);
  CHECK(executor->items[0].stop.stop_requested());
  add_executors(actors::executor_kind::handler, 1);
  CHECK(lookup(id).state == task_state::succeeded);
  CHECK(lookup(id).attempt == 2);
}

TEST_CASE_METHOD(executor_fixture, "an executor that starts before the dispatcher finds it later",
                 "[executor]") {
  auto early = spawn<actors::short_task_handler_impl>();
  run();
  start({tool_called("echo")});
  advance(20ms);
  CHECK(run_task("echo", "[1]").state == task_state::succeeded);
}

TEST_CASE_METHOD(executor_fixture, "a worker reports progress ten times a second and at the end",
                 "[executor]") {
  auto reports = tool_called(
      "reports",
      [](auto&, const tool_context& context) -> expected<std::string> {
        for (int i = 1; i <= 50; ++i)
          context.progress(i / 50.0, "step " + std::to_string(i));
        return std::string{"1"};
      },
      lane::batch);
  start({reports});
  auto observer = std::make_shared<recording_observer>();
  submit_observed("reports", "{}", observer);
  int priority_set = 0;
  auto worker = spawn<actors::long_task_worker_impl>(
      actors::executor_options{.kind = actors::executor_kind::worker,
                               .on_thread_start = [&priority_set] { ++priority_set; }});
  run();
  CHECK(priority_set == 1);
  // No time passes within the run: the first report, and the last one at the end.
  CHECK(observer->states() == "queued running running running succeeded");
  CHECK(observer->seen[2].progress == task_progress{1 / 50.0, "step 1"});
  CHECK(observer->seen[3].progress == task_progress{1.0, "step 50"});
}

TEST_CASE_METHOD(executor_fixture, "a task that was stopped before its turn is not run",
                 "[executor]") {
  auto echo = tool_called("echo");
  start({echo});
  const auto id = submit("echo", "{}");
  auto handler = spawn<actors::short_task_handler_impl>(actors::executor_options{.credit = 8});
  caf::anon_send<caf::message_priority::high>(dispatcher, actors::cancel_atom_v, id,
                                              std::string{"enough"});
  run();
  CHECK(echo->runs() == 0);
  CHECK(lookup(id).state == task_state::cancelled);
}

TEST_CASE_METHOD(executor_fixture, "a cached answer is served without running the tool",
                 "[executor]") {
  auto tool = cached_tool();
  start({tool});
  add_executors(actors::executor_kind::handler, 1);
  auto cache = add_cache();
  cache->next = cache_answer{.verdict = cache_verdict::hit, .value = shared_text{"\"cached\""}};
  cache->next->value().age = 5ms;
  const auto served = run_task("cached", "{ \"b\": 1, \"a\": 2 }");
  CHECK(served.result == raw_json{"\"cached\""});
  CHECK(served.cache == cache_use{"hit", 5ms});
  CHECK(tool->runs() == 0);
  CHECK(run_task("cached", "{\"a\":2,\"b\":1.0}").result == raw_json{"\"cached\""});
  CHECK(run_task("cached", "{\"a\":2,\"b\":\"1\"}").result == raw_json{"\"cached\""});
  REQUIRE(cache->keys.size() == 3);
  CHECK(cache->keys[0] == cache->keys[1]);
  CHECK(cache->keys[0] != cache->keys[2]);
}

TEST_CASE_METHOD(executor_fixture, "the one who must compute tells the cache the outcome",
                 "[executor]") {
  start({cached_tool([](const std::string& arguments, auto&) -> expected<std::string> {
    if (arguments == "[]")
      return error{errc::tool_failed, "no"};
    return std::string{"7"};
  })});
  add_executors(actors::executor_kind::handler, 1);
  auto cache = add_cache();
  cache->next = cache_answer{.verdict = cache_verdict::compute, .token = 5};
  CHECK(run_task("cached", "{}").result == raw_json{"7"});
  CHECK(run_task("cached", "[]").failure == error{errc::tool_failed, "no"});
  CHECK(cache->told == std::vector<std::string>{"fulfil 5 7", "abandon 5 no"});
}

TEST_CASE_METHOD(executor_fixture, "a hit that is due is served first and computed anew after it",
                 "[executor]") {
  auto tool = cached_tool([](const std::string&, auto&) { return std::string{"2"}; });
  start({tool});
  add_executors(actors::executor_kind::handler, 1);
  auto cache = add_cache();
  cache->next = cache_answer{.verdict = cache_verdict::hit, .value = shared_text{"1"}, .token = 9};
  CHECK(run_task("cached", "{}").result == raw_json{"1"});
  CHECK(tool->runs() == 1);
  CHECK(cache->told == std::vector<std::string>{"fulfil 9 2"});
}

TEST_CASE_METHOD(executor_fixture, "an older answer stands in for a computation that failed",
                 "[executor]") {
  start({cached_tool([](const std::string&, auto&) -> expected<std::string> {
    return error{errc::tool_failed, "no"};
  })});
  add_executors(actors::executor_kind::handler, 1);
  auto cache = add_cache();
  cache->next = cache_answer{.verdict = cache_verdict::compute, .token = 5};
  cache->regret.stale = shared_text{"\"older\""};
  CHECK(run_task("cached", "{}").result == raw_json{"\"older\""});
}

TEST_CASE_METHOD(executor_fixture, "a failure that the cache remembers is not tried again",
                 "[executor]") {
  auto tool = cached_tool();
  start({tool});
  add_executors(actors::executor_kind::handler, 1);
  auto cache = add_cache();
  cache->next = error{errc::invalid_argument, "width: too wide"};
  CHECK(run_task("cached", "{}").failure == error{errc::invalid_argument, "width: too wide"});
  CHECK(tool->runs() == 0);
}

TEST_CASE_METHOD(executor_fixture, "a tool with a cache runs also when the cache is down",
                 "[executor]") {
  auto tool = cached_tool();
  start({tool});
  add_executors(actors::executor_kind::handler, 1);
  CHECK(run_task("cached", "[1]").state == task_state::succeeded);
  auto cache = add_cache();
  cache->next = error{errc::overloaded, "too many flights"};
  CHECK(run_task("cached", "[2]").state == task_state::succeeded);
  CHECK(tool->runs() == 2);
}

TEST_CASE_METHOD(executor_fixture, "a handler that waits for the cache runs other tasks meanwhile",
                 "[executor]") {
  start({cached_tool(), tool_called("echo")});
  add_executors(actors::executor_kind::handler, 1, 8);
  auto cache = add_cache();
  auto waiting = begin_ask<task_record>(dispatcher, actors::run_atom_v, request("cached", "{}"));
  run();
  CHECK(run_task("echo", "[1]").state == task_state::succeeded);
  CHECK_FALSE(waiting.arrived());
  cache->next = cache_answer{.verdict = cache_verdict::hit, .value = shared_text{"3"}};
  caf::anon_send(actors::find<actors::cache_actor>(system(), actors::cache_route::path_of(0U)),
                 actors::wake_atom_v);
  run();
  CHECK(waiting.get()->result == raw_json{"3"});
}
