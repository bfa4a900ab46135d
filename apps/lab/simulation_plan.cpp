#include "apps/lab/simulation_plan.hpp"

#include <algorithm>

namespace libagent::lab {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t routes_here = 2;  // The third one is served by other nodes only.

sim_tool pick_tool(sim_dice& dice) {
  const auto drawn = dice.below(100);
  if (drawn < 55)
    return sim_tool::succeeds;
  if (drawn < 65)
    return sim_tool::fails;
  if (drawn < 80)
    return sim_tool::is_down_first;
  if (drawn < 88)
    return sim_tool::crashes_first;
  return drawn < 94 ? sim_tool::poisons : sim_tool::hangs;
}

effects pick_effects(sim_dice& dice) {
  const auto drawn = dice.below(10);
  if (drawn < 4)
    return effects::once;
  return drawn < 8 ? effects::idempotent : effects::pure;
}

sim_job plan_job(sim_dice& dice, std::uint32_t nodes) {
  sim_job job{.is_keyed = dice.chance(0.5),
              .is_durable = dice.chance(0.9),
              .what = pick_effects(dice),
              .in_lane = dice.chance(0.7) ? lane::interactive : lane::batch,
              .route = static_cast<std::uint32_t>(dice.below(routes_here + (nodes > 0 ? 1 : 0))),
              .tool = pick_tool(dice),
              .bad_runs = 1 + static_cast<std::uint32_t>(dice.below(4)),
              .runs_apart = dice.chance(0.5),
              .tool_vanishes = dice.chance(0.02),
              .submit_at = dice.time(3s),
              .run_time = dice.time(dice.chance(0.3) ? sim_time{500ms} : sim_time{5ms}),
              .timeout = 100ms + std::chrono::milliseconds{dice.below(20'000)}};
  job.is_durable = job.is_durable || job.is_keyed;
  job.asks_otherwise = job.is_keyed && dice.chance(0.2);
  if (dice.chance(0.2))
    job.cancel_at = job.submit_at + dice.time(dice.chance(0.5) ? sim_time{2ms} : sim_time{1s});
  return job;
}

/// Kinds of faults that come at a time, as often as they stand here.
constexpr std::array<sim_fault, 10> timed{sim_fault::disk_full,     sim_fault::disk_full,
                                          sim_fault::sync_failure,  sim_fault::executor_lost,
                                          sim_fault::node_lost,     sim_fault::clock_jump,
                                          sim_fault::executor_lost, sim_fault::node_lost,
                                          sim_fault::executor_lost, sim_fault::shutdown};

constexpr std::array<sim_fault, 4> deadly{sim_fault::kill, sim_fault::kill_in_event,
                                          sim_fault::kill_in_event, sim_fault::power_cut};

journal_sync pick_sync(sim_dice& dice) {
  if (dice.chance(0.7))
    return journal_sync::group;
  return dice.chance(0.5) ? journal_sync::interval : journal_sync::none;
}

}  // namespace

simulation_plan plan_simulation(sim_dice& dice) {
  simulation_plan plan{.sync = pick_sync(dice),
                       .nodes = static_cast<std::uint32_t>(dice.below(3)),
                       .commit_lost = dice.chance(0.2) ? 0.1 : 0.0,
                       .slowest_commit = dice.chance(0.5) ? sim_time{500us} : sim_time{50ms}};
  const auto jobs = 5 + dice.below(dice.chance(0.8) ? 4 : 16);
  for (std::uint64_t i = 0; i < jobs; ++i)
    plan.jobs.push_back(plan_job(dice, plan.nodes));
  const auto faults = dice.below(6);
  for (std::uint64_t i = 0; i < faults; ++i) {
    const auto kind = timed.at(dice.below(timed.size()));
    plan.faults.push_back({.kind = kind, .at = dice.time(faults_end), .lasts = dice.time(1s)});
  }
  const auto crashes = 1 + dice.below(4);
  for (std::uint64_t i = 0; i < crashes; ++i) {
    plan.crashes.push_back({.kind = deadly.at(dice.below(deadly.size())),
                            .after_events = static_cast<std::uint32_t>(dice.below(jobs * 12))});
  }
  std::ranges::sort(plan.crashes, {}, &planned_crash::after_events);
  return plan;
}

}  // namespace libagent::lab
