// Tools that hold no thread while they wait.

#include "libagent/record/field.hpp"
#include "libagent/tools/make_async_tool.hpp"

#include "tests/actors/tasks_fixture.hpp"

#include <caf/exit_reason.hpp>

#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

struct async_question {
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, async_question& x) {
  return record(f, x, "async_question", field("text", "What to answer.", x.text));
}

/// Keeps every call, so that a test answers when it likes.
struct kept_calls {
  std::vector<async_question> asked;
  std::vector<async_reply<async_question>> replies;
  std::vector<const tool_context*> contexts;

  std::shared_ptr<tool> as_tool(tool_spec spec) {
    return make_async_tool(std::move(spec),
                           [this](const async_question& in, const tool_context& context,
                                  async_reply<async_question> reply) {
                             asked.push_back(in);
                             contexts.push_back(&context);
                             replies.push_back(std::move(reply));
                           });
  }
};

class async_fixture : public tasks_fixture {
public:
  kept_calls calls;

  void start_waiting(tool_spec spec = {.name = "wait", .description = "Waits."},
                     std::uint32_t credit = 1'000) {
    start(std::vector{calls.as_tool(std::move(spec))});
    add_executors(actors::executor_kind::waiter, 1, credit);
  }
};

}  // namespace

TEST_CASE_METHOD(async_fixture, "one waiter has hundreds of asynchronous tasks under way",
                 "[actors][async]") {
  start_waiting();
  std::vector<task_id> ids;
  for (int i = 0; i < 500; ++i)
    ids.push_back(submit("wait", R"({"text":")" + std::to_string(i) + R"("})"));
  run();
  REQUIRE(calls.replies.size() == 500);
  CHECK(status().interactive.running == 500);
  for (std::size_t i = 500; i-- > 0;)  // In whatever order they come.
    calls.replies[i](calls.asked[i]);
  run();
  CHECK(lookup(ids[0]).result == raw_json{R"({"text":"0"})"});
  CHECK(lookup(ids[499]).result == raw_json{R"({"text":"499"})"});
  CHECK(status().interactive.running == 0);
}

TEST_CASE_METHOD(async_fixture, "an asynchronous task that fails says why", "[actors][async]") {
  start_waiting();
  const auto id = submit("wait", R"({"text":"a"})");
  run();
  calls.replies.at(0)(error{errc::tool_failed, "connect to the server: refused"});
  run();
  CHECK(lookup(id).state == task_state::failed);
  CHECK(lookup(id).failure->context == "connect to the server: refused");
}

TEST_CASE_METHOD(async_fixture, "an asynchronous tool that forgets to answer fails its task",
                 "[actors][async]") {
  start_waiting();
  const auto id = submit("wait", R"({"text":"a"})");
  run();
  calls.replies.clear();
  run();
  CHECK(lookup(id).state == task_state::failed);
  CHECK_THAT(lookup(id).failure->context, Catch::Contains("ended without an answer"));
}

TEST_CASE_METHOD(async_fixture, "cancelling an asynchronous task tells the tool at once",
                 "[actors][async]") {
  start_waiting();
  const auto id = submit("wait", R"({"text":"a"})");
  run();
  CHECK_FALSE(calls.contexts.at(0)->stop.stop_requested());
  CHECK(cancel(id).state == task_state::cancelled);
  CHECK(calls.contexts.at(0)->stop.stop_requested());
  calls.replies.at(0)(calls.asked.at(0));  // Too late.
  run();
  CHECK(lookup(id).state == task_state::cancelled);
  CHECK(status().late == 1);
}

TEST_CASE_METHOD(async_fixture, "an asynchronous tool reports progress from whatever thread",
                 "[actors][async]") {
  start_waiting();
  const auto id = submit("wait", R"({"text":"a"})");
  run();
  calls.contexts.at(0)->progress(0.25, "quarter");
  run();
  CHECK(lookup(id).progress == task_progress{0.25, "quarter"});
}

TEST_CASE_METHOD(async_fixture, "what a lost waiter had under way is run again",
                 "[actors][async]") {
  start(std::vector{calls.as_tool({.name = "wait", .description = "Waits."})});
  const auto waiter = add_executors(actors::executor_kind::waiter, 1, 10).front();
  const auto id = submit("wait", R"({"text":"a"})");
  run();
  REQUIRE(calls.replies.size() == 1);
  actors::urgent_exit(waiter, caf::exit_reason::kill);
  run();
  CHECK(lookup(id).state == task_state::queued);
  add_executors(actors::executor_kind::waiter, 1, 10);
  REQUIRE(calls.replies.size() == 2);
  calls.replies[0](async_question{"from the dead"});
  calls.replies[1](async_question{"second"});
  run();
  CHECK(lookup(id).result == raw_json{R"({"text":"second"})"});
}

TEST_CASE_METHOD(async_fixture, "the found limit decides how many batch tasks share a resource",
                 "[actors][async]") {
  start_waiting({.name = "wait",
                 .description = "Waits.",
                 .tool_lane = lane::batch,
                 .bound = work_bound::io,
                 .resource = "model"});
  for (int i = 0; i < 20; ++i)
    (void)submit("wait", R"({"text":"a"})");
  run();
  const auto limits = status().limits;
  const auto model = std::ranges::find(limits, "model", &limit_status::name);
  REQUIRE(model != limits.end());
  CHECK(calls.replies.size() == model->current);
  CHECK(model->in_flight == model->current);
  CHECK(status().batch.queued == 20 - model->current);
}
