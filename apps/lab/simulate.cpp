#include "apps/lab/simulate.hpp"

#include "apps/lab/simulation.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>

namespace libagent::lab {

namespace {

constexpr const char* lives_table = "simulated lives of a node";
constexpr const char* faults_table = "faults";

struct simulation_sum {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  std::uint64_t jobs = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t processes = 0;
  std::uint64_t runs = 0;
  std::uint64_t effects = 0;
  std::array<std::uint64_t, sim_faults> faults{};

  void add(const simulation_result& seen) {
    ++seeds;
    events += seen.events;
    jobs += seen.jobs;
    acknowledged += seen.acknowledged;
    processes += seen.processes;
    runs += seen.runs;
    effects += seen.effects;
    for (std::size_t i = 0; i < sim_faults; ++i)
      faults.at(i) += seen.faults.at(i);
  }
};

/// A broken precondition of the core is a finding, too.
simulation_result simulate_guarded(std::uint64_t seed, bool with_trace) {
  try {
    return simulate(seed, {.with_trace = with_trace});
  } catch (const std::exception& failure) {
    return {.violation = failure.what()};
  }
}

void tell_trace(std::uint64_t seed) {
  const auto seen = simulate_guarded(seed, true);
  for (const auto& line : seen.trace)
    std::cout << line << '\n';
  std::cout << fmt::format("seed {}: {}\n", seed,
                           seen.violation.empty() ? "nothing wrong" : seen.violation);
}

/// Returns the seed that went wrong, or 0.
std::uint64_t simulate_all(std::uint64_t first, std::uint64_t count, simulation_sum& sum) {
  constexpr std::uint64_t announced_each = 10'000;
  for (auto seed = first; seed < first + count; ++seed) {
    const auto seen = simulate_guarded(seed, false);
    sum.add(seen);
    if (!seen.violation.empty())
      return seed;
    if (sum.seeds % announced_each == 0)
      announce(fmt::format("{} of {} seeds, nothing wrong", sum.seeds, count));
  }
  return 0;
}

void add_tables(report& result, const simulation_sum& sum, double seconds) {
  const auto per_seed = [&sum](std::uint64_t total) {
    return fmt::format("{:.1f}", static_cast<double>(total) / static_cast<double>(sum.seeds));
  };
  result.add_row(lives_table,
                 {{"seeds", sum.seeds},
                  {"seeds/s", fmt::format("{:.0f}", static_cast<double>(sum.seeds) / seconds)},
                  {"events/seed", per_seed(sum.events)},
                  {"tasks/seed", per_seed(sum.jobs)},
                  {"acknowledged/seed", per_seed(sum.acknowledged)},
                  {"processes/seed", per_seed(sum.processes)},
                  {"runs/seed", per_seed(sum.runs)},
                  {"effects/seed", per_seed(sum.effects)}});
  for (std::size_t i = 0; i < sim_faults; ++i) {
    result.add_row(faults_table, {{"fault", std::string{name_of(static_cast<sim_fault>(i))}},
                                  {"times", sum.faults.at(i)},
                                  {"per seed", per_seed(sum.faults.at(i))}});
  }
}

void add_notes(report& result) {
  result.add_note(
      "Checked after every start of the process and at the end, when nothing went wrong for a "
      "while: what was acknowledged ended once, as it was told; nothing that may happen once "
      "happened twice; no attempt ran uncounted or under a token used before; nothing was told "
      "that was not journalled; one key stood for one task; counters agreed and nothing was left.");
  result.add_note(
      "Real: the dispatcher's core, outbox, idempotency keys and verdict on past runs. Simulated, "
      "in one thread: clocks, disk, network, executors, tools and clients.");
}

}  // namespace

int run_simulation(const lab_options& options, const simulation_command_options& command) {
  if (command.with_trace) {
    tell_trace(command.first);
    return simulate_guarded(command.first, false).violation.empty() ? 0 : 1;
  }
  const std::uint64_t usual = options.quick ? 20'000 : 100'000;
  const auto count = command.seeds > 0 ? command.seeds : usual;
  report result{"simulation"};
  result.set_config("quick", options.quick);
  result.set_config("seeds", count);
  result.set_config("first_seed", command.first);
  simulation_sum sum;
  const auto begin = std::chrono::steady_clock::now();
  const auto failed = simulate_all(command.first, count, sum);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  add_tables(result, sum, took.count());
  add_notes(result);
  if (failed == 0 && !options.quick) {
    result.add_aim("100,000 seeds on one core", aim_is::at_most, 60,
                   took.count() * 100'000 / static_cast<double>(sum.seeds), "s");
  }
  if (failed != 0) {
    tell_trace(failed);
    result.add_note(
        fmt::format("WRONG: seed {}; agent-lab simulate --first {} --trace", failed, failed));
  }
  const int code = result.finish(options);
  return failed != 0 ? 1 : code;
}

}  // namespace libagent::lab
