#include "tests/libagent/tasks/dispatch_harness.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// What any correct dispatcher must agree with, kept in the plainest way.
struct model_task {
  task_state state = task_state::queued;
  lane task_lane = lane::interactive;
  effects task_effects = effects::idempotent;
  std::size_t charge = 0;
  time_point deadline;
};

/// An attempt that an executor still works on, whatever became of its task.
struct model_lease {
  executor_id executor;
  task_id id;
  std::uint32_t attempt;
  std::uint64_t sequence;
};

class dispatch_model {
public:
  explicit dispatch_model(std::uint64_t seed)
      : h{{.interactive = {.queued_max = 8, .bytes_max = 400},
           .batch = {.queued_max = 12, .bytes_max = 400},
           .records_max = 20}},
        random_{seed} {}

  void step() {
    const auto choice = random_() % 100;
    if (choice < 35) {
      submit();
    } else if (choice < 55) {
      answer();
    } else if (choice < 62) {
      cancel();
    } else if (choice < 72) {
      pass_time();
    } else if (choice < 82) {
      add_executor();
    } else if (choice < 90) {
      lose_executor();
    } else if (choice < 95) {
      late_answer();
    } else {
      give_back();
    }
    take_starts();
    compare();
  }

  /// Lets everything end, and checks that everything did.
  void finish() {
    h.advance(10s);
    h.core.expire(h.now());
    read_states();
    while (!leases_.empty())
      answer();
    compare();
    CHECK(h.core.idle());
    for (const auto& [id, task] : tasks_)
      CHECK(is_terminal(task.state));
    const auto seen = h.status();
    CHECK(seen.succeeded + seen.failed + seen.cancelled + seen.expired + seen.dead ==
          seen.interactive.accepted + seen.batch.accepted);
  }

private:
  void submit() {
    auto order = random_() % 2 == 0 ? h.interactive_order() : h.batch_order(h.workers);
    order.arguments = std::string(random_() % 60, 'x');
    order.timeout = std::chrono::milliseconds{1 + random_() % 200};
    order.task_effects = random_() % 4 == 0 ? effects::once : effects::idempotent;
    const auto charge = order.arguments.size() + order.target.size();
    const auto [count, bytes] = queued(order.task_lane);
    const bool fits =
        count < (order.task_lane == lane::interactive ? 8U : 12U) && bytes + charge <= 400;
    const auto accepted = h.try_submit(order);
    REQUIRE(accepted.has_value() == fits);
    if (fits) {
      tasks_[*accepted] = {.task_lane = order.task_lane,
                           .task_effects = order.task_effects,
                           .charge = charge,
                           .deadline = h.now().steady + order.timeout};
    }
  }

  void answer() {
    if (leases_.empty())
      return;
    const auto at = leases_.begin() + static_cast<std::ptrdiff_t>(random_() % leases_.size());
    const auto held = *at;
    leases_.erase(at);
    auto& task = tasks_.at(held.id);
    const bool fails = random_() % 4 == 0;
    if (task.state == task_state::running)
      task.state = fails ? task_state::failed : task_state::succeeded;
    if (fails) {
      h.core.complete(held.id, held.attempt, error{errc::tool_failed, "no"}, h.now());
    } else {
      h.core.complete(held.id, held.attempt, std::string{"1"}, h.now());
    }
  }

  void late_answer() {
    if (tasks_.empty())
      return;
    auto at = tasks_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % tasks_.size()));
    h.core.complete(at->first, 77, std::string{"late"}, h.now());
  }

  void cancel() {
    if (tasks_.empty())
      return;
    auto at = tasks_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % tasks_.size()));
    if (h.core.cancel(at->first, "by chance", h.now()) && !is_terminal(at->second.state))
      at->second.state = task_state::cancelled;
  }

  void pass_time() {
    h.advance(std::chrono::milliseconds{random_() % 80});
    for (auto& [id, task] : tasks_) {
      if (!is_terminal(task.state) && task.deadline <= h.now().steady)
        task.state = task_state::expired;
    }
    h.core.expire(h.now());
  }

  void add_executor() {
    if (executors_.size() >= 4)
      return;
    const auto credit = static_cast<std::uint32_t>(1 + random_() % 3);
    const auto route = random_() % 2 == 0 ? h.handlers : h.workers;
    executors_[h.add_executor(credit, route)] = credit;
  }

  void lose_executor() {
    if (executors_.empty())
      return;
    auto at = executors_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % executors_.size()));
    std::vector<model_lease> lost;
    std::ranges::copy_if(leases_, std::back_inserter(lost),
                         [&](const auto& held) { return held.executor == at->first; });
    std::erase_if(leases_, [&](const auto& held) { return held.executor == at->first; });
    // The executor had begun the first few of what it held.
    const auto count = lost.empty() ? 0 : random_() % (lost.size() + 1);
    const auto begun = count == 0 ? 0 : lost[count - 1].sequence;
    for (const auto& held : lost) {
      auto& task = tasks_.at(held.id);
      if (task.state != task_state::running)
        continue;
      const bool may_repeat = task.task_effects != effects::once && held.attempt < 3;
      task.state = held.sequence > begun || may_repeat ? task_state::queued : task_state::dead;
    }
    const auto executor = at->first;
    executors_.erase(at);
    h.core.lose_executor(executor, begun, {errc::internal, "by chance"}, h.now());
  }

  void give_back() {
    const auto running = std::ranges::find_if(leases_, [this](const auto& held) {
      return tasks_.at(held.id).state == task_state::running;
    });
    if (running == leases_.end())
      return;
    const auto held = *running;
    leases_.erase(running);
    tasks_.at(held.id).state = task_state::queued;
    h.core.give_back(held.id, held.attempt, h.now());
    h.core.set_available(held.executor, true, h.now());
  }

  /// What the core started since the last look is running.
  void take_starts() {
    for (; starts_taken_ < h.started.size(); ++starts_taken_) {
      const auto& held = h.started[starts_taken_];
      leases_.push_back({held.executor, held.id, held.attempt, held.sequence});
      auto& task = tasks_.at(held.id);
      CHECK(task.state == task_state::queued);
      task.state = task_state::running;
    }
  }

  void read_states() {
    for (auto& [id, task] : tasks_) {
      if (!is_terminal(task.state))
        task.state = h.state_of(id);
    }
  }

  std::pair<std::size_t, std::size_t> queued(lane which) const {
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (const auto& [id, task] : tasks_) {
      if (task.task_lane == which && task.state == task_state::queued) {
        ++count;
        bytes += task.charge;
      }
    }
    return {count, bytes};
  }

  void compare() {
    std::size_t live = 0;
    for (const auto& [id, task] : tasks_) {
      const auto* entry = h.core.table().find(id);
      live += is_terminal(task.state) ? 0U : 1U;
      if (entry == nullptr) {
        CHECK(is_terminal(task.state));  // Only ended records are forgotten.
      } else {
        CHECK(entry->record.state == task.state);
      }
    }
    CHECK(h.core.table().live() == live);
    for (const auto which : {lane::interactive, lane::batch}) {
      const auto [count, bytes] = queued(which);
      CHECK(h.core.table().counters(which).queued == count);
      CHECK(h.core.table().counters(which).queued_bytes == bytes);
    }
    compare_slots();
  }

  void compare_slots() {
    CHECK(h.core.pool().leases() == leases_.size());
    for (const auto& [executor, credit] : executors_) {
      const auto used = std::ranges::count(leases_, executor, &model_lease::executor);
      CHECK(h.core.pool().used(executor) == static_cast<std::size_t>(used));
      CHECK(static_cast<std::size_t>(used) <= credit);
    }
  }

  dispatch_harness h;
  seeded_random random_;
  std::map<task_id, model_task> tasks_;
  std::vector<model_lease> leases_;
  std::map<executor_id, std::uint32_t> executors_;
  std::size_t starts_taken_ = 0;
};

}  // namespace

TEST_CASE("under random operations every task ends once and no slot leaks", "[tasks]") {
  const auto seed = GENERATE(range(0U, 60U));
  CAPTURE(seed);
  dispatch_model model{seed};
  for (int i = 0; i < 300; ++i)
    model.step();
  model.finish();
}
