#include "apps/lab/simulation.hpp"

#include "apps/lab/simulation_ledger.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::lab;

namespace {

const task_id first_id = make_task_id(1, 2, 3);
const task_id second_id = make_task_id(4, 5, 6);

simulation_ledger ledger_of_one(effects what = effects::idempotent) {
  return simulation_ledger{{sim_job{.what = what}}};
}

/// A disk with a task of job 0.
simulated_disk disk_with(const task_id& id, const journal_state& now) {
  simulated_disk disk;
  const std::vector<journal_write> writes{
      write_accepted{.task = {.id = id, .arguments = std::make_shared<const std::string>("0")}},
      write_state{.id = id, .now = now}};
  disk.commit(writes, true);
  return disk;
}

}  // namespace

TEST_CASE("nothing that is promised is broken in thousands of simulated lives", "[lab][journal]") {
  std::array<std::uint64_t, sim_faults> faults{};
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    const auto seen = simulate(seed);
    INFO("seed " << seed);
    REQUIRE(seen.violation.empty());
    for (std::size_t i = 0; i < faults.size(); ++i)
      faults.at(i) += seen.faults.at(i);
  }
  for (std::size_t i = 0; i < faults.size(); ++i) {
    INFO(name_of(static_cast<sim_fault>(i)));
    CHECK(faults.at(i) > 0);
  }
}

TEST_CASE("a simulation is replayed from its seed, with or without a trace", "[lab]") {
  const auto first = simulate(7);
  const auto again = simulate(7, {.with_trace = true});
  CHECK(first.trace.empty());
  CHECK_FALSE(again.trace.empty());
  CHECK(first.trace_hash == again.trace_hash);
  CHECK(first.events == again.events);
  CHECK(first.faults == again.faults);
  CHECK(simulate(8).trace_hash != first.trace_hash);
}

// -- the judge --------------------------------------------------------------

TEST_CASE("the ledger accepts a good history", "[lab]") {
  auto ledger = ledger_of_one(effects::once);
  const auto disk = disk_with(
      first_id, {.state = task_state::succeeded, .attempt = 1, .result = raw_json{"0.1"}});
  ledger.acknowledged(0, first_id);
  ledger.begun(0, first_id, 1);
  ledger.effect(0);
  ledger.ended(0, first_id, task_state::succeeded, "0.1");
  ledger.acknowledged(0, first_id);
  ledger.ended(0, first_id, task_state::succeeded, "0.1");
  ledger.check_start(disk);
  ledger.check_rest(disk);
  CHECK_FALSE(ledger.violation());
}

TEST_CASE("the ledger finds what must not be", "[lab]") {
  auto ledger = ledger_of_one(effects::once);
  ledger.acknowledged(0, first_id);
  SECTION("an effect twice") {
    ledger.effect(0);
    CHECK_FALSE(ledger.violation());
    ledger.effect(0);
  }
  SECTION("an attempt twice") {
    ledger.begun(0, first_id, 1);
    ledger.begun(0, first_id, 1);
  }
  SECTION("a second task for one job") {
    ledger.acknowledged(0, second_id);
  }
  SECTION("two ends") {
    ledger.ended(0, first_id, task_state::failed, "why");
    ledger.ended(0, first_id, task_state::dead, "why");
  }
  SECTION("two results") {
    ledger.effect(0);
    ledger.ended(0, first_id, task_state::succeeded, "0.1");
    ledger.ended(0, first_id, task_state::succeeded, "0.2");
  }
  SECTION("a success without a run") {
    ledger.ended(0, first_id, task_state::succeeded, "0.1");
  }
  SECTION("an acknowledged task that nobody knows") {
    ledger.denied(0, first_id);
  }
  SECTION("an acknowledged task that the disk does not have") {
    ledger.check_start(simulated_disk{});
  }
  SECTION("an end that the disk does not have") {
    ledger.ended(0, first_id, task_state::failed, "why");
    ledger.check_start(disk_with(first_id, {.state = task_state::running, .attempt = 1}));
  }
  SECTION("a task that never ends") {
    ledger.check_rest(disk_with(first_id, {.state = task_state::queued}));
  }
  SECTION("an end that is never told") {
    ledger.check_rest(disk_with(first_id, {.state = task_state::cancelled}));
  }
  SECTION("an attempt that is not counted") {
    ledger.check_counted(disk_with(first_id, {.state = task_state::running, .attempt = 1}),
                         first_id, 2);
  }
  SECTION("an end that is told too soon") {
    ledger.check_told(disk_with(first_id, {.state = task_state::running}),
                      {.id = first_id, .state = task_state::succeeded});
  }
  CHECK(ledger.violation());
}

TEST_CASE("nothing is held against what a power cut may take", "[lab]") {
  auto ledger = ledger_of_one(effects::once);
  ledger.acknowledged(0, first_id);
  ledger.effect(0);
  ledger.release(0);
  ledger.effect(0);
  ledger.denied(0, first_id);
  ledger.check_rest(simulated_disk{});
  CHECK_FALSE(ledger.violation());
}

// -- the disk ---------------------------------------------------------------

TEST_CASE("a simulated disk loses its youngest commits that were not synced", "[lab]") {
  auto disk = disk_with(first_id, {.state = task_state::queued});
  const std::vector<journal_write> start{
      write_state{.id = first_id, .now = {.state = task_state::running, .attempt = 1}}};
  const std::vector<journal_write> end{
      write_state{.id = first_id, .now = {.state = task_state::failed, .attempt = 1}},
      write_purged{.id = first_id}};
  disk.commit(start, false);
  disk.commit(end, false);
  CHECK(disk.unsynced() == 2);
  CHECK(disk.find(first_id) == nullptr);
  SECTION("one") {
    (void)disk.lose(1);
    REQUIRE(disk.find(first_id) != nullptr);
    CHECK(disk.find(first_id)->now.state == task_state::running);
  }
  SECTION("both") {
    const auto lost = disk.lose(2);
    CHECK_FALSE(lost.empty());
    REQUIRE(disk.find(first_id) != nullptr);
    CHECK(disk.find(first_id)->now.state == task_state::queued);
  }
  SECTION("none after a sync") {
    disk.sync();
    CHECK(disk.lose(2).empty());
    CHECK(disk.find(first_id) == nullptr);
  }
}
