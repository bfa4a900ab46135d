#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/cache_times.hpp"

#include <chrono>
#include <optional>

namespace libagent {

/// Both clocks, read at one moment.
struct clock_reading {
  time_point steady;
  unix_millis wall = 0;
};

/// `cache_times` on the wall clock, for entries that outlive the process: the monotonic clock
/// starts anew with the machine.
struct wall_times {
  unix_millis stored_at = 0;
  unix_millis fresh_until = 0;
  unix_millis stale_until = 0;
  unix_millis error_until = 0;

  friend bool operator==(const wall_times&, const wall_times&) = default;
};

/// An entry may be so much younger than nothing before its age counts as unknown: what a time
/// service corrects in one step.
inline constexpr std::chrono::milliseconds clock_step_max = std::chrono::minutes{1};

[[nodiscard]] wall_times to_wall_times(const cache_times& times, const clock_reading& now);

/// Back again; empty when the entry is gone, or when it was stored later than now by more than
/// `clock_step_max`, as nobody can say how old it is then. When it is less, the entry counts as
/// stored now: whatever the wall clock does, no entry is good for longer than its time to live
/// from now on.
[[nodiscard]] std::optional<cache_times> from_wall_times(const wall_times& times,
                                                         const clock_reading& now);

}  // namespace libagent
