#include "apps/lab/concurrency.hpp"

#include "apps/lab/concurrency_runs.hpp"
#include "apps/lab/limit_sweep.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace libagent::lab {

namespace {

using std::chrono::milliseconds;

/// Of the times of the work that the default figures of `knee_workload` describe.
constexpr double time_scale = 0.01;
constexpr std::size_t sweep_users = 100;
constexpr double overload = 10;
constexpr double before_and_after = 0.8;

struct task_mix {
  std::string name;
  knee_workload work;
};

/// How much is measured.
struct concurrency_plan {
  std::vector<std::size_t> users;
  std::vector<std::uint32_t> limits;
  milliseconds deadline{1'000};
  milliseconds search{6'000};  ///< For libagent to find its limit.
  milliseconds settle{1'000};  ///< For those that search nothing.
  milliseconds measured{6'000};
  milliseconds before{5'000};
  milliseconds overloaded{30'000};
  milliseconds after{10'000};
};

concurrency_plan plan_for(const lab_options& options, const concurrency_options& concurrency) {
  concurrency_plan plan{.users = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1'000},
                        .limits = {4, 6, 8, 10, 12, 14, 16, 20, 30, 50}};
  if (options.quick) {
    plan = {.users = {100, 1'000},
            .limits = {6, 12},
            .deadline = milliseconds{600},
            .search = milliseconds{400},
            .settle = milliseconds{200},
            .measured = milliseconds{300},
            .before = milliseconds{400},
            .overloaded = milliseconds{2'000},
            .after = milliseconds{1'000}};
  }
  if (!concurrency.users.empty())
    plan.users = concurrency.users;
  return plan;
}

closed_loop_options closed_options(const concurrency_plan& plan, const limit_contender& who,
                                   std::size_t users, std::uint64_t seed) {
  return {.users = users,
          .deadline = plan.deadline,
          .warm_up = who.is_libagent ? plan.search : plan.settle,
          .measured = plan.measured,
          .seed = seed};
}

load_outcome add_closed(report& into, const task_mix& mix, const limit_contender& who,
                        const closed_loop_options& options) {
  announce(fmt::format("{} tasks, {} users, {}", mix.name, options.users, who.name));
  const auto seen = run_contender(who, mix.work, options);
  into.add_row(fmt::format("closed loop, {} tasks", mix.name),
               {{"users", options.users},
                {"front", who.name},
                {"per s", seen.per_second},
                {"in time per s", seen.useful_per_second},
                {"p50 ms", seen.took_ms.p50},
                {"p99 ms", seen.took_ms.p99},
                {"refused", seen.refused},
                {"refused p99 ms", seen.refused_ms.p99},
                {"expired", seen.expired},
                {"at backend", seen.at_backend},
                {"power", seen.power()}});
  return seen;
}

void add_comparison(report& into, const task_mix& mix, const load_outcome& found,
                    const std::vector<swept_limit>& sweep) {
  const auto& fastest = best_throughput(sweep);
  const auto& strongest = best_power(sweep);
  const auto throughput = found.useful_per_second / fastest.seen.useful_per_second;
  const auto power = found.power() / strongest.seen.power();
  into.add_row(fmt::format("found against the best fixed limits, {} users", sweep_users),
               {{"tasks", mix.name},
                {"found, mean at backend", found.at_backend},
                {"best for throughput", fastest.limit},
                {"found of its throughput", throughput},
                {"best for power", strongest.limit},
                {"found of its power", power}});
  into.add_aim(fmt::format("throughput at the found limit, {} tasks", mix.name), aim_is::at_least,
               0.9, throughput, "of the best fixed limit's");
}

/// Returns the best of the sweep.
swept_limit measure_closed(report& into, const concurrency_plan& plan, const task_mix& mix,
                           const std::vector<std::size_t>& users, std::uint64_t seed) {
  std::vector<swept_limit> sweep;
  for (const auto limit : plan.limits) {
    const auto who = fixed_contender(limit);
    sweep.push_back(
        {.limit = limit,
         .seen = add_closed(into, mix, who, closed_options(plan, who, sweep_users, seed))});
  }
  const auto best = best_throughput(sweep);
  std::vector<limit_contender> contenders{no_limit_contender()};
  if (users.size() > 2)  // enough to make a curve of
    contenders.push_back(fixed_contender(best.limit));
  const auto libagent = libagent_contender();
  for (const auto count : users) {
    const auto found = add_closed(into, mix, libagent, closed_options(plan, libagent, count, seed));
    if (count == sweep_users)
      add_comparison(into, mix, found, sweep);
    for (const auto& who : contenders) {
      if (who.limit != best.limit || count != sweep_users)
        (void)add_closed(into, mix, who, closed_options(plan, who, count, seed));
    }
  }
  return best;
}

void add_phases(report& into, const limit_contender& who, const open_loop_outcome& seen,
                double peak) {
  for (const auto& phase : seen.phases) {
    into.add_row("open loop, uniform tasks, timed from when each was meant to come",
                 {{"front", who.name},
                  {"load", phase.name},
                  {"offered per s", phase.offered_per_second},
                  {"in time per s", phase.useful_per_second},
                  {"of peak", phase.useful_per_second / peak},
                  {"p50 ms", phase.took_ms.p50},
                  {"p99 ms", phase.took_ms.p99},
                  {"refused", phase.refused},
                  {"refused p50 ms", phase.refused_ms.p50},
                  {"refused p99 ms", phase.refused_ms.p99},
                  {"expired", phase.expired},
                  {"highest MB", phase.resident_mb}});
  }
  into.add_row("overload and after",
               {{"front", who.name},
                {"goodput of peak", seen.phases[1].useful_per_second / peak},
                {"recovered after s", seen.recovery_s ? report::row(*seen.recovery_s) : "never"},
                {"MB before", seen.resident_before_mb},
                {"MB at most in overload", seen.phases[1].resident_mb},
                {"MB after", seen.resident_after_mb}});
}

void measure_open(report& into, const concurrency_plan& plan, const task_mix& mix,
                  const swept_limit& best, std::uint64_t seed) {
  const auto peak = best.seen.useful_per_second;
  const open_loop_options load{
      .phases = {{.name = "0.8x", .per_second = before_and_after * peak, .length = plan.before},
                 {.name = "10x", .per_second = overload * peak, .length = plan.overloaded},
                 {.name = "0.8x", .per_second = before_and_after * peak, .length = plan.after}},
      .deadline = plan.deadline,
      .seed = seed};
  announce("open loop, libagent");
  const auto libagent = run_contender(libagent_contender(), mix.work, load);
  add_phases(into, libagent_contender(), libagent, peak);
  auto queue = fixed_contender(best.limit);
  queue.name = fmt::format("queue, {} at a time", best.limit);
  announce("open loop, " + queue.name);
  add_phases(into, queue, run_contender(queue, mix.work, load), peak);

  const auto& overloaded = libagent.phases[1];
  into.add_aim("goodput at 10x", aim_is::at_least, 0.9, overloaded.useful_per_second / peak,
               "of peak");
  into.add_aim("refusals at 10x, p99", aim_is::at_most, 5, overloaded.refused_ms.p99, "ms");
  into.add_aim("recovery after 10x", aim_is::at_most, 5,
               libagent.recovery_s.value_or(std::chrono::duration<double>{plan.after}.count()),
               "s");
  into.add_aim("memory added by 10x", aim_is::at_most, 20,
               overloaded.resident_mb - libagent.resident_before_mb, "MB");
}

}  // namespace

int run_concurrency(const lab_options& options, const concurrency_options& concurrency) {
  report result{"concurrency"};
  const auto plan = plan_for(options, concurrency);
  result.set_config("quick", options.quick);
  result.set_config("seed", options.seed);
  result.set_config("deadline_ms", plan.deadline.count());
  const task_mix uniform{.name = "uniform", .work = scaled(uniform_knee(), time_scale)};
  const task_mix mixed{.name = "mixed", .work = scaled(mixed_knee(), time_scale)};
  const auto best = measure_closed(result, plan, uniform, plan.users, options.seed);
  (void)measure_closed(result, plan, mixed, options.quick ? std::vector{sweep_users} : plan.users,
                       options.seed);
  measure_open(result, plan, uniform, best, options.seed);
  result.add_note(
      "A task waits 38 ms, or when mixed 4 ms nine times in ten and 340 ms else, and then takes "
      "4.22 ms of a server that serves one at a time, 1 % slower for each one above 10 at the "
      "backend. In the closed loop users ask again at once; a refused one when it is told to. "
      "Power is goodput by latency at the backend.");
  result.add_note("Every request was answered exactly once.");
  return result.finish(options);
}

}  // namespace libagent::lab
