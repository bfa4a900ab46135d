#pragma once

#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/report.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::lab {

/// One open loop, with or without long tasks beside it.
struct loop_result {
  std::vector<double> latencies_us;
  quantiles latency_us;
  double long_per_s = 0;       ///< Long tasks done per second of wall time.
  double foreign_percent = 0;  ///< Of all cores, used by others meanwhile.
};

/// A contestant and what was measured of it, round by round.
struct mode {
  std::string name;
  std::unique_ptr<contestant> who;
  std::vector<loop_result> idle;
  std::vector<loop_result> loaded;
  /// What is wrong with how it worked, not with how fast: a short task without an answer, a long
  /// load that stood still. Empty: nothing.
  std::vector<std::string> problems;

  [[nodiscard]] quantiles pooled_idle_us() const;
  [[nodiscard]] quantiles pooled_loaded_us() const;
  /// Medians over rounds.
  [[nodiscard]] double long_per_s() const;
  [[nodiscard]] double foreign_percent() const;
};

struct round_plan {
  double per_second = 200;
  int rounds = 4;
  std::chrono::milliseconds idle{3'000};    ///< Of one round.
  std::chrono::milliseconds loaded{5'000};  ///< Of one round.
  std::chrono::milliseconds warm_up{200};   ///< Under load before a loop.
  /// Long tasks must have come on by the end of a loop, or so much later: on a busy machine they
  /// may not get a core for a while.
  std::chrono::milliseconds progress_patience{10'000};
  std::uint64_t seed = 1;
};

/// Runs the plan on all modes, one mode after the other within each round, so that a machine that
/// is noisy for a while is so for all. The arrivals of one round are the same for all modes.
void run_rounds(std::vector<mode>& modes, const round_plan& plan);

/// The median over rounds of `value(a's round) / value(b's round)`; 0 when there are none.
[[nodiscard]] double median_ratio(const std::vector<loop_result>& a,
                                  const std::vector<loop_result>& b,
                                  const std::function<double(const loop_result&)>& value);

[[nodiscard]] double median_of(std::vector<double> sample);

}  // namespace libagent::lab
