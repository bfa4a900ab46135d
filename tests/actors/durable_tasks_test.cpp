#include "actors/journal.hpp"
#include "libagent/telemetry/journal_events.hpp"

#include "tests/actors/tasks_fixture.hpp"
#include "tests/support/fake_journal.hpp"

#include <algorithm>
#include <memory>
#include <variant>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// A dispatcher with a journal, which can be started again as after a crash.
class durable_fixture : public tasks_fixture {
public:
  std::shared_ptr<fake_journal> kept = std::make_shared<fake_journal>();
  journal_access_ptr access = std::make_shared<journal_access>(kept);

  template <class Tool = fake_tool>
  void start_kept(const std::vector<std::shared_ptr<Tool>>& tools,
                  actors::dispatcher_options options = {}) {
    publish_as(actors::journal_path,
               spawn<actors::journal_impl>(actors::journal_actor_options{
                   .access = access, .unix_time = [this] { return unix_now(); }}));
    options.journal = access;
    options.limits.incarnation = ++incarnation_;
    start(tools, std::move(options));
  }

  task_record submit_keyed(const std::string& target, const std::string& arguments,
                           const std::string& key) {
    auto asked = request(target, arguments);
    asked.key = key;
    return ask<task_record>(dispatcher, actors::submit_atom_v, std::move(asked));
  }

  /// How often a task is written as running.
  std::size_t starts_of(const task_id& id) const {
    std::size_t count = 0;
    for (const auto& commit : kept->commits()) {
      count += static_cast<std::size_t>(std::ranges::count_if(commit, [&id](const auto& each) {
        const auto* state = std::get_if<write_state>(&each);
        return state != nullptr && state->id == id && state->now.state == task_state::running;
      }));
    }
    return count;
  }

private:
  std::uint64_t incarnation_ = 0;
};

error disk_full() {
  return {errc::unavailable, "no space left on the disk"};
}

}  // namespace

TEST_CASE_METHOD(durable_fixture, "a task that was accepted runs after the dispatcher was lost",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  const auto id = submit("echo", "[1]");
  start_kept({tool_called("echo")});
  CHECK(lookup(id).state == task_state::queued);
  add_executors(actors::executor_kind::handler, 1);
  CHECK(lookup(id).state == task_state::succeeded);
  CHECK(starts_of(id) == 1);
}

TEST_CASE_METHOD(durable_fixture, "a result that was lost is reported when somebody asks, once",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  add_executors(actors::executor_kind::handler, 1);
  const auto id = submit("echo", "[1]");
  REQUIRE(lookup(id).state == task_state::succeeded);
  kept->lose_result_of(id);
  start_kept({tool_called("echo")});
  CHECK(events().events(events::journal_damaged).empty());
  for (auto times = 0; times < 2; ++times) {
    const auto seen = lookup(id);
    REQUIRE(seen.failure);
    CHECK(seen.failure->code == errc::corrupt);
  }
  CHECK(events().events(events::journal_damaged).size() == 1);
}

TEST_CASE_METHOD(durable_fixture, "a run is journalled before its executor hears of it",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  const auto handler = add_fake_executor(actors::executor_kind::handler);
  kept->fail_all(disk_full());
  const auto refused =
      ask_expected<task_record>(dispatcher, actors::submit_atom_v, request("echo", "[1]"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(refused.error().context.find("no space left") != std::string::npos);
  CHECK(handler->items.empty());
  kept->fail_all({});
  advance(2s);
  const auto id = submit("echo", "[2]");
  REQUIRE(handler->items.size() == 1);
  CHECK(handler->items[0].id == id);
  CHECK(starts_of(id) == 1);
}

TEST_CASE_METHOD(durable_fixture, "tasks that need no journal go on while it cannot be written",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  add_executors(actors::executor_kind::handler, 1);
  kept->fail_all(disk_full());
  REQUIRE_FALSE(ask_expected<task_record>(dispatcher, actors::submit_atom_v, request("echo", "1")));
  CHECK(run_task("echo", "[3]").state == task_state::succeeded);
}

TEST_CASE_METHOD(durable_fixture, "a task that must not run twice ends dead when its run is lost",
                 "[actors][durable]") {
  const auto tools = [] {
    return std::vector{
        tool_called("pay", {}, lane::interactive, isolation::inline_call, effects::once)};
  };
  start_kept(tools());
  const auto handler = add_fake_executor(actors::executor_kind::handler);
  const auto id = submit("pay", "{}");
  REQUIRE(handler->items.size() == 1);
  start_kept(tools());
  const auto found = lookup(id);
  CHECK(found.state == task_state::dead);
  CHECK(found.failure->context.find("never run twice") != std::string::npos);
  const auto again = ask_expected<task_record>(dispatcher, actors::retry_atom_v, id);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::invalid_argument);
}

TEST_CASE_METHOD(durable_fixture, "the same key means the same task, also after a restart",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  const auto first = submit_keyed("echo", R"({"a":1,"b":2})", "k1");
  CHECK(submit_keyed("echo", R"({"b":2, "a":1})", "k1").id == first.id);
  start_kept({tool_called("echo")});
  CHECK(submit_keyed("echo", R"({"a":1,"b":2})", "k1").id == first.id);
  auto other = request("echo", "[2]");
  other.key = "k1";
  const auto refused = ask_expected<task_record>(dispatcher, actors::submit_atom_v, other);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::key_reused);
  add_executors(actors::executor_kind::handler, 1);
  auto waited = request("echo", R"({"a":1,"b":2})");
  waited.key = "k1";
  const auto ended = ask<task_record>(dispatcher, actors::run_atom_v, waited);
  CHECK(ended.id == first.id);
  CHECK(ended.state == task_state::succeeded);
}

TEST_CASE_METHOD(durable_fixture, "an ended task is found in the journal and run again on request",
                 "[actors][durable]") {
  int runs = 0;
  const auto tools = [&runs] {
    return std::vector{tool_called("flaky", [&runs](auto&, auto&) -> expected<std::string> {
      if (++runs == 1)
        return error{errc::tool_failed, "not today"};
      return std::string{"1"};
    })};
  };
  start_kept(tools());
  add_executors(actors::executor_kind::handler, 1);
  const auto id = submit("flaky", "{}");
  CHECK(lookup(id).state == task_state::failed);
  start_kept(tools());
  CHECK(lookup(id).failure == error{errc::tool_failed, "not today"});
  const auto kept_ones = ask<std::vector<task_record>>(
      dispatcher, actors::list_atom_v, journal_query{.states = {task_state::failed}});
  REQUIRE(kept_ones.size() == 1);
  CHECK(kept_ones[0].id == id);
  add_executors(actors::executor_kind::handler, 1);
  ask<task_record>(dispatcher, actors::retry_atom_v, id);
  CHECK(lookup(id).state == task_state::succeeded);
  CHECK(lookup(id).attempt == 2);
  CHECK(ask_expected<void>(dispatcher, actors::purge_atom_v, id));
  CHECK_FALSE(ask_expected<task_record>(dispatcher, actors::lookup_atom_v, id));
}

TEST_CASE_METHOD(durable_fixture, "a cancelled task stays cancelled after a restart",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  const auto id = submit("echo", "[1]");
  CHECK(cancel(id).state == task_state::cancelled);
  start_kept({tool_called("echo")});
  add_executors(actors::executor_kind::handler, 1);
  CHECK(lookup(id).state == task_state::cancelled);
  CHECK(starts_of(id) == 0);
}

TEST_CASE_METHOD(durable_fixture, "a schedule runs at its time, once, also when that was missed",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  auto asked = schedule_request{.name = "later", .after = 1'000ms};
  asked.request = request("echo", "[1]");
  const auto made = ask<schedule>(dispatcher, actors::schedule_atom_v, asked);
  CHECK(made.next_due == unix_now() + 1'000);
  start_kept({tool_called("echo")});
  REQUIRE(
      ask<std::vector<schedule>>(dispatcher, actors::list_atom_v, actors::schedule_atom_v).size() ==
      1);
  add_executors(actors::executor_kind::handler, 1);
  advance(1'500ms);
  CHECK(status().succeeded == 1);
  CHECK(
      ask<std::vector<schedule>>(dispatcher, actors::list_atom_v, actors::schedule_atom_v).empty());
  advance(5s);
  CHECK(status().succeeded == 1);
}

TEST_CASE_METHOD(durable_fixture, "a parent holds nothing while it waits, and gets its results",
                 "[actors][durable]") {
  std::vector<std::string> found;
  const auto tools = [&found] {
    return std::vector{
        tool_called("echo"),
        tool_called(
            "parent", [&found](auto&, const tool_context& context) -> expected<std::string> {
              if (!context.group) {
                context.wait_for({.children = {request("echo", "[1]"), request("echo", "[2]")}});
                return std::string{};
              }
              for (const auto& child : context.group->children)
                found.push_back(child.result->text);
              return std::string{"3"};
            })};
  };
  start_kept(tools());
  const auto handler = add_fake_executor(actors::executor_kind::handler);
  const auto id = submit("parent", "{}");
  REQUIRE(handler->items.size() == 1);
  const auto& item = handler->items[0];
  task_group children{.children = {request("echo", "[1]"), request("echo", "[2]")}};
  caf::anon_send<caf::message_priority::high>(dispatcher, actors::done_atom_v, item.id,
                                              item.attempt,
                                              actors::work_outcome{.children = children});
  run();
  CHECK(lookup(id).waits_for == 2);
  // The parent's credit is free for its first child.
  REQUIRE(handler->items.size() == 2);
  start_kept(tools());
  CHECK(lookup(id).waits_for == 2);
  add_executors(actors::executor_kind::handler, 1);
  CHECK(lookup(id).state == task_state::succeeded);
  CHECK(found == std::vector<std::string>{"[1]", "[2]"});
}

TEST_CASE_METHOD(durable_fixture, "a parent that is cancelled takes its children with it",
                 "[actors][durable]") {
  start_kept({tool_called("echo"), tool_called("parent")});
  const auto handler = add_fake_executor(actors::executor_kind::handler);
  const auto id = submit("parent", "{}");
  const auto item = handler->items.at(0);
  caf::anon_send<caf::message_priority::high>(
      dispatcher, actors::done_atom_v, item.id, item.attempt,
      actors::work_outcome{.children = task_group{.children = {request("echo", "[1]")}}});
  run();
  REQUIRE(handler->items.size() == 2);
  const auto child = handler->items[1].id;
  cancel(id);
  CHECK(lookup(child).state == task_state::cancelled);
  CHECK(handler->items[1].stop.stop_requested());
}

TEST_CASE_METHOD(durable_fixture, "a failing sync ends acceptance for good, and says why",
                 "[actors][durable]") {
  start_kept({tool_called("echo")});
  add_executors(actors::executor_kind::handler, 1);
  kept->fail_next({errc::io_failed, "sync the journal: input/output error"});
  REQUIRE_FALSE(ask_expected<task_record>(dispatcher, actors::submit_atom_v, request("echo", "1")));
  advance(10s);
  const auto refused =
      ask_expected<task_record>(dispatcher, actors::submit_atom_v, request("echo", "1"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().context.find("input/output error") != std::string::npos);
  CHECK_FALSE(refused.error().retry_after);
  CHECK(run_task("echo", "[3]").state == task_state::succeeded);
}
