#pragma once

#include "apps/lab/knee_workload.hpp"
#include "libagent/tasks/power_climb.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace libagent::lab {

/// From `from` on the work is `work`; what is being served is not touched.
struct knee_phase {
  std::chrono::duration<double> from{0};
  knee_workload work;
};

struct knee_simulation_options {
  std::size_t users = 100;
  std::vector<knee_phase> phases;  ///< In order; the first from 0.
  std::chrono::duration<double> length{1'800};
  std::uint64_t seed = 1;
};

/// What was seen in the second half of one phase.
struct knee_phase_outcome {
  double per_second = 0;
  double mean_limit = 0;   ///< Over time.
  double mean_took_s = 0;  ///< From start to end, without the time in the queue.
  double p50_s = 0;        ///< As a user sees it, with the time in the queue.
  std::uint32_t lowest_limit = 0;
  std::uint32_t highest_limit = 0;

  /// Power (Kleinrock 1979): throughput by latency.
  [[nodiscard]] double power() const { return mean_took_s > 0 ? per_second / mean_took_s : 0; }
};

/// Runs a closed loop of users, who ask again as soon as they were answered, against work with a
/// knee, behind a queue and a limiter. In virtual time: the same seed gives the same run.
[[nodiscard]] std::vector<knee_phase_outcome> simulate_knee(const knee_simulation_options& options,
                                                            const climb_options& limiter);

}  // namespace libagent::lab
