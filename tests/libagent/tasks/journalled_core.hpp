#pragma once

#include "tests/libagent/tasks/dispatch_harness.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <utility>
#include <variant>

namespace libagent::testing {

/// A core with a journal that commits when told to.
class journalled_core final : public dispatch_harness {
public:
  explicit journalled_core(const task_limits& limits = {})
      : dispatch_harness{limits, {}, {}, nullptr, true} {}

  task_order durable_order(effects what = effects::idempotent) const {
    auto order = interactive_order();
    order.durable = true;
    order.task_effects = what;
    return order;
  }

  task_order keyed_order(std::uint64_t fingerprint = 1) const {
    auto order = durable_order();
    order.client = "c";
    order.key = "k";
    order.fingerprint = fingerprint;
    return order;
  }

  /// Commits everything that is to be written, and what comes of it.
  void commit() {
    while (const auto batch = outbox.next(now().steady))
      commit(*batch);
  }

  void commit(const journal_batch& batch) {
    for (const auto& write : *batch.writes) {
      if (const auto* state = std::get_if<write_state>(&write))
        on_disk[state->id] = state->now;
      if (const auto* accepted_task = std::get_if<write_accepted>(&write))
        on_disk[accepted_task->task.id] = {};
      if (const auto* purged = std::get_if<write_purged>(&write))
        on_disk.erase(purged->id);
    }
    core.journal_committed(batch.number, now());
  }

  /// The batch that is under way from now on.
  journal_batch take_batch() {
    auto batch = outbox.next(now().steady);
    REQUIRE(batch);
    return *std::move(batch);
  }

  void fail(const error& why) { core.journal_failed(take_batch().number, why, now()); }

  /// Lets the pause after a failure pass.
  void wait_for_retry() {
    REQUIRE(outbox.retry_at());
    advance(*outbox.retry_at() - now().steady);
  }

  task_id run(effects what = effects::idempotent) {
    const auto id = submit(durable_order(what));
    commit();
    return id;
  }

  std::map<task_id, journal_state> on_disk;
};

}  // namespace libagent::testing
