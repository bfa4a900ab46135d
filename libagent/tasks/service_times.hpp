#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/name_hash.hpp"
#include "libagent/tasks/recent_quantile.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What a target's next run is expected to take.
struct service_estimate {
  duration mean{};
  duration p90{};
  std::size_t samples = 0;  ///< How many runs that rests on, since the target is known.
};

/// One target as `service_times::slowest` shows it.
struct slow_target {
  std::string name;
  duration mean{};
  duration p90{};
  duration max{};
  std::uint64_t count = 0;
  duration total{};
};

/// How long the runs of each tool and agent take.
///
/// The mean is a plain average of the first ten runs and from then on an exponentially weighted
/// one (weight 0.1); the 90th percentile see `recent_quantile`. `max`, `count` and `total` are of
/// all runs. Knows at most `targets_max` targets; the least recently noted one makes room.
/// Thread safety: none; the dispatcher owns it.
class service_times {
public:
  static constexpr std::size_t targets_max = 256;

  /// Notes one run. A run that took less than nothing counts as zero.
  void note(std::string_view target, duration took);

  /// Empty when no run of the target is known.
  [[nodiscard]] std::optional<service_estimate> estimate(std::string_view target) const;

  /// The `n` targets with the highest 90th percentile, highest first.
  [[nodiscard]] std::vector<slow_target> slowest(std::size_t n) const;

  [[nodiscard]] std::size_t size() const { return targets_.size(); }

private:
  struct history {
    double mean_ns = 0;
    recent_quantile p90{0.9};
    duration max{};
    std::uint64_t count = 0;
    duration total{};
    std::uint64_t noted_at = 0;  // Counted in notes.
  };

  [[nodiscard]] history& history_of(std::string_view target);
  void make_room();

  name_table<history> targets_;
  std::uint64_t notes_ = 0;
};

}  // namespace libagent
