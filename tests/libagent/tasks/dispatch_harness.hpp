#pragma once

#include "libagent/base/random.hpp"
#include "libagent/tasks/dispatch_core.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// A dispatch core with two routes on a hand-moved clock, and notes of all it asks for. Checks
/// after every change that a task ends once only.
class dispatch_harness : public dispatch_listener {
public:
  explicit dispatch_harness(const task_limits& limits = {}, route_rules for_handlers = {},
                            route_rules for_workers = {}, memory_ledger* ledger = nullptr,
                            bool with_journal = false)
      : core{limits, seeded_random{1}, *this, ledger, with_journal ? &outbox : nullptr},
        handlers{core.add_route(std::move(for_handlers))},
        workers{core.add_route(std::move(for_workers))} {}

  void on_start(const task_entry& task, const lease& held) override {
    CHECK(task.arguments != nullptr);
    started.push_back(held);
    started.back().hold.reset();  // The memory is the lease's, not this note's.
  }

  void on_change(const task_record& record) override {
    ++changes;
    REQUIRE_FALSE(has_ended[record.id]);
    has_ended[record.id] = is_terminal(record.state);
  }

  void on_accepted(const task_record& record) override { accepted.push_back(record.id); }

  void on_unsure(const task_record& record, const error& why) override {
    unsure.emplace_back(record.id, why);
  }

  void on_stop(const lease& held, const task_record&) override { stopped.push_back(held.id); }

  task_order interactive_order() const {
    return {
        .target = "short", .arguments = "{}", .task_lane = lane::interactive, .route = handlers};
  }

  static task_order batch_order(route_id route) {
    return {.target = "long",
            .arguments = "{}",
            .task_lane = lane::batch,
            .route = route,
            .level = criticality::sheddable_plus};
  }

  executor_id add_executor(std::uint32_t credit, route_id route) {
    const auto executor = core.add_executor(credit);
    core.serve(executor, route, now());
    return executor;
  }

  expected<task_id> try_submit(task_order order) {
    auto admitted = core.submit(std::move(order), now());
    if (!admitted) {
      return admitted.error();
    }
    const auto id = (*admitted)->id;
    core.pump_task(id, now());
    return id;
  }

  task_id submit(task_order order) { return try_submit(std::move(order)).value(); }

  void cancel(const task_id& id) { REQUIRE(core.cancel(id, "by the test", now())); }

  const task_record& record(const task_id& id) {
    const auto* entry = core.table().find(id);
    REQUIRE(entry != nullptr);
    return entry->record;
  }

  task_state state_of(const task_id& id) { return record(id).state; }

  dispatcher_status status() { return core.status(now().steady); }

  [[nodiscard]] instant now() const { return clock_; }

  void advance(duration step) {
    clock_.steady += step;
    clock_.unix_time += std::chrono::duration_cast<std::chrono::milliseconds>(step).count();
  }

  journal_outbox outbox;
  dispatch_core core;
  route_id handlers;
  route_id workers;
  std::vector<lease> started;
  std::vector<task_id> stopped;
  std::vector<task_id> accepted;
  std::vector<std::pair<task_id, error>> unsure;
  std::size_t changes = 0;
  std::map<task_id, bool> has_ended;

private:
  instant clock_{.steady = time_point{std::chrono::hours{1}}, .unix_time = 1'700'000'000'000};
};

}  // namespace libagent::testing
