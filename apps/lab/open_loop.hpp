#pragma once

#include "apps/lab/knee_backend.hpp"
#include "apps/lab/report.hpp"
#include "apps/lab/request_front.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace libagent::lab {

/// Requests that come whether or not earlier ones were answered.
struct arrival_phase {
  std::string name;
  double per_second = 0;
  std::chrono::milliseconds length{0};
};

struct open_loop_options {
  std::vector<arrival_phase> phases;
  std::chrono::milliseconds deadline{1'000};
  std::uint64_t seed = 1;
};

/// One request, timed from when it was meant to come: a generator that falls behind must not hide
/// what it measures.
struct arrival {
  double at_s = 0;  ///< Since the start.
  float took_ms = 0;
  request_fate fate = request_fate::lost;
};

/// What came of the requests of one phase.
struct phase_outcome {
  std::string name;
  double offered_per_second = 0;
  double useful_per_second = 0;  ///< Successes within the deadline.
  quantiles took_ms;             ///< Of successes.
  quantiles refused_ms;
  std::uint64_t refused = 0;
  std::uint64_t expired = 0;
  std::uint64_t failed = 0;
  double resident_mb = 0;  ///< The most that was seen.
};

struct open_loop_outcome {
  std::vector<phase_outcome> phases;
  double resident_before_mb = 0;
  double resident_after_mb = 0;
  /// From the end of the second to last phase until 90 % of what comes is answered in time again;
  /// empty when that never happens.
  std::optional<double> recovery_s;
};

/// Requests come as a Poisson process, at each phase's rate. Blocking: the phases, and until every
/// request was answered. Throws as `run_closed_loop`.
[[nodiscard]] open_loop_outcome run_open_loop(request_front& front, const knee_backend& backend,
                                              const open_loop_options& options);

/// The times of a Poisson process, in seconds since the start; exact for its seed.
[[nodiscard]] std::vector<double> draw_arrivals(const std::vector<arrival_phase>& phases,
                                                std::uint64_t seed);

/// What happened to the arrivals in [from, to), as a phase.
[[nodiscard]] phase_outcome sum_up(const std::vector<arrival>& arrivals, double from_s, double to_s,
                                   std::chrono::milliseconds deadline);

/// When, after `from`, it began that in two windows of a quarter second in a row 90 % of the
/// arrivals succeeded within the deadline, in seconds after `from`; empty when it never did.
[[nodiscard]] std::optional<double> recovery_after(const std::vector<arrival>& arrivals,
                                                   double from_s, double to_s,
                                                   std::chrono::milliseconds deadline);

}  // namespace libagent::lab
