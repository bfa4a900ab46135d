// What a crowd does to the dispatcher.

#include "tests/actors/tasks_fixture.hpp"

#include <set>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t crowd_size = 100'000;

/// Counts the batch tasks that were accepted.
class counting_observer final : public task_observer {
public:
  void on_change(const task_record& record) override {
    accepted += record.state == task_state::queued ? 1U : 0U;
  }

  void on_refused(const error&) override { ++refused; }

  std::size_t accepted = 0;
  std::size_t refused = 0;
};

/// Notes how many batch tasks were accepted before this one had its result.
class overtaking_observer final : public task_observer {
public:
  explicit overtaking_observer(std::shared_ptr<counting_observer> others)
      : others_{std::move(others)} {}

  void on_change(const task_record& record) override {
    if (record.state == task_state::succeeded)
      overtaken_by = others_->accepted;
  }

  void on_refused(const error&) override {}

  std::optional<std::size_t> overtaken_by;

private:
  std::shared_ptr<counting_observer> others_;
};

}  // namespace

TEST_CASE_METHOD(tasks_fixture,
                 "an interactive task overtakes 100,000 batch submits in the mailbox",
                 "[dispatcher]") {
  const auto seed = GENERATE(1U, 2U, 3U);  // Of the turns that dispatcher and handler take.
  start({tool_called("echo"), tool_called("long", {}, lane::batch)});
  add_executors(actors::executor_kind::handler, 1);
  auto crowd = std::make_shared<counting_observer>();
  for (std::size_t i = 0; i < crowd_size; ++i)
    caf::anon_send(dispatcher, actors::submit_atom_v, request("long", "{}"),
                   actors::observer_ref{crowd});
  auto urgent = std::make_shared<overtaking_observer>(crowd);
  submit_observed("echo", "{}", urgent);
  run_shuffled(seed);
  REQUIRE(urgent->overtaken_by);
  // A mailbox takes up to nine urgent and three ordinary messages per round. The task needs two
  // urgent ones, the submit and the handler's answer, hence two rounds.
  CHECK(*urgent->overtaken_by <= 12);
  CHECK(crowd->accepted == crowd_size);
}

TEST_CASE_METHOD(tasks_fixture, "an interactive task overtakes 100,000 batch tasks in the queues",
                 "[dispatcher]") {
  start({tool_called("echo"), tool_called("long", {}, lane::batch)});
  add_executors(actors::executor_kind::handler, 1);
  auto worker = add_fake_executor(actors::executor_kind::worker);
  auto crowd = std::make_shared<counting_observer>();
  for (std::size_t i = 0; i < crowd_size; ++i)
    caf::anon_send(dispatcher, actors::submit_atom_v, request("long", "{}"),
                   actors::observer_ref{crowd});
  run();
  CHECK(status().batch.queued == crowd_size - 1);
  CHECK(run_task("echo", "[1]").state == task_state::succeeded);
  CHECK(worker->items.size() == 1);
}

TEST_CASE_METHOD(tasks_fixture, "past the limit of its lane a task is refused and the rest go on",
                 "[dispatcher]") {
  start({tool_called("long", {}, lane::batch)},
        {.limits = {.batch = {.queued_max = 10, .bytes_max = 1'000}}});
  auto crowd = std::make_shared<counting_observer>();
  for (int i = 0; i < 15; ++i)
    caf::anon_send(dispatcher, actors::submit_atom_v, request("long", "{}"),
                   actors::observer_ref{crowd});
  run();
  CHECK(crowd->accepted == 10);
  CHECK(crowd->refused == 5);
  CHECK(status().batch.refused == 5);
}

TEST_CASE_METHOD(tasks_fixture, "whatever the order of messages, a cancelled task ends once",
                 "[dispatcher]") {
  const auto seed = GENERATE(range(0U, 64U));
  CAPTURE(seed);
  start({tool_called("echo")});
  const auto blocked = submit("echo", "[1]");
  auto watcher = watch(blocked);
  spawn<actors::short_task_handler_impl>(actors::executor_options{.credit = 2});
  spawn<actors::short_task_handler_impl>();
  auto cancelled =
      begin_ask<task_record>(dispatcher, actors::cancel_atom_v, blocked, std::string{"enough"});
  auto other = begin_ask<task_record>(dispatcher, actors::run_atom_v, request("echo", "[2]"));
  run_shuffled(seed);
  const auto state = watcher->seen.back().state;
  CHECK((state == task_state::cancelled || state == task_state::succeeded));
  CHECK(cancelled.get()->state == state);
  CHECK(other.get()->state == task_state::succeeded);
  CHECK(lookup(blocked).state == state);
  CHECK(status().interactive.running == 0);
  CHECK(ask_expected<void>(dispatcher, actors::drain_atom_v));
}
