#include "apps/lab/knee_simulation.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

using namespace libagent;
using namespace libagent::lab;

namespace {

constexpr std::uint64_t knee_seeds = 5;
using knee_seconds = std::chrono::duration<double>;

/// Per phase, what all seeds saw on average.
std::vector<double> mean_throughput(knee_simulation_options options, const climb_options& limiter) {
  std::vector<double> mean(options.phases.size());
  for (options.seed = 1; options.seed <= knee_seeds; ++options.seed) {
    const auto seen = simulate_knee(options, limiter);
    for (std::size_t phase = 0; phase < mean.size(); ++phase)
      mean[phase] += seen[phase].per_second / static_cast<double>(knee_seeds);
  }
  return mean;
}

/// Per phase, the best that any fixed limit gives.
std::vector<double> best_fixed(const knee_simulation_options& options) {
  std::vector<double> best(options.phases.size());
  for (const std::uint32_t limit : {4U, 6U, 8U, 10U, 12U, 14U, 16U, 20U, 24U, 30U, 50U}) {
    const auto seen =
        mean_throughput(options, {.initial = limit, .floor = limit, .ceiling = limit});
    for (std::size_t phase = 0; phase < best.size(); ++phase)
      best[phase] = std::max(best[phase], seen[phase]);
  }
  return best;
}

void check_within_a_tenth(const knee_simulation_options& options) {
  const auto best = best_fixed(options);
  const auto found = mean_throughput(options, {});
  for (std::size_t phase = 0; phase < best.size(); ++phase) {
    CAPTURE(phase);
    CHECK(found[phase] >= 0.9 * best[phase]);
  }
}

/// The server takes `factor` as long, and with it the knee moves.
knee_workload with_service(knee_workload work, double factor) {
  work.service *= factor;
  work.slower_above = static_cast<std::size_t>(static_cast<double>(work.slower_above) / factor);
  return work;
}

std::vector<knee_phase> moving(const knee_workload& work) {
  return {{.work = work},
          {.from = knee_seconds{1'200}, .work = with_service(work, 0.5)},
          {.from = knee_seconds{2'400}, .work = with_service(work, 2)}};
}

}  // namespace

TEST_CASE(
    "a power climb gives nine tenths of the best fixed limit's throughput, also with tasks "
    "of mixed lengths",
    "[lab]") {
  check_within_a_tenth({.phases = {{.work = uniform_knee()}}});
  check_within_a_tenth({.phases = {{.work = mixed_knee()}}});
}

TEST_CASE("a power climb keeps up when the server becomes twice as fast and then a quarter of that",
          "[lab]") {
  check_within_a_tenth({.phases = moving(uniform_knee()), .length = knee_seconds{3'600}});
  check_within_a_tenth({.phases = moving(mixed_knee()), .length = knee_seconds{3'600}});
}

TEST_CASE("the simulated work has its knee where Little's law puts it", "[lab]") {
  const knee_simulation_options options{.phases = {{.work = uniform_knee()}}};
  const auto at = [&](std::uint32_t limit) {
    return simulate_knee(options, {.initial = limit, .floor = limit, .ceiling = limit}).front();
  };
  const auto cycle_s = 3.8 + 0.422;
  CHECK(at(1).per_second == Approx(1 / cycle_s).epsilon(0.02));
  CHECK(at(5).per_second == Approx(5 / cycle_s).epsilon(0.05));
  CHECK(at(100).per_second == Approx(1 / (0.422 * 1.9)).epsilon(0.02));
  CHECK(at(12).power() > at(6).power());
  CHECK(at(12).power() > at(24).power());
  CHECK(at(7).mean_limit == Approx(7).epsilon(0.001));
}

TEST_CASE("a simulation is the same for the same seed, and another for another", "[lab]") {
  knee_simulation_options options{.phases = {{.work = mixed_knee()}}};
  const auto first = simulate_knee(options, {}).front();
  CHECK(simulate_knee(options, {}).front().mean_took_s == first.mean_took_s);
  options.seed = 2;
  CHECK(simulate_knee(options, {}).front().mean_took_s != first.mean_took_s);
}
