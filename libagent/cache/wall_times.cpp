#include "libagent/cache/wall_times.hpp"

#include <algorithm>
#include <limits>

namespace libagent {

namespace {

constexpr unix_millis wall_never = std::numeric_limits<unix_millis>::max();
// About 146 years: sums of two never overflow a duration in nanoseconds.
constexpr unix_millis span_max = std::numeric_limits<std::int64_t>::max() / 2'000'000;

unix_millis wall_of(time_point when, const clock_reading& now) {
  if (when == time_point::max())
    return wall_never;
  return now.wall + std::chrono::floor<std::chrono::milliseconds>(when - now.steady).count();
}

/// @pre `now.wall` and `stored_at` are positive or zero.
time_point steady_of(unix_millis when, unix_millis stored_at, const clock_reading& now) {
  if (when == wall_never)
    return time_point::max();
  const auto left = std::min(when - now.wall, when - stored_at);
  return now.steady + std::chrono::milliseconds{std::clamp(left, -span_max, span_max)};
}

bool is_in_order(const wall_times& times) {
  return 0 <= times.stored_at && times.stored_at <= times.fresh_until &&
         times.fresh_until <= times.stale_until && times.stale_until <= times.error_until;
}

}  // namespace

wall_times to_wall_times(const cache_times& times, const clock_reading& now) {
  return {.stored_at = wall_of(times.stored_at, now),
          .fresh_until = wall_of(times.fresh_until, now),
          .stale_until = wall_of(times.stale_until, now),
          .error_until = wall_of(times.error_until, now)};
}

std::optional<cache_times> from_wall_times(const wall_times& times, const clock_reading& now) {
  if (now.wall < 0 || !is_in_order(times) || times.error_until <= now.wall ||
      times.stored_at - now.wall > clock_step_max.count()) {
    return std::nullopt;
  }
  const auto age = std::clamp<unix_millis>(now.wall - times.stored_at, 0, span_max);
  return cache_times{.stored_at = now.steady - std::chrono::milliseconds{age},
                     .fresh_until = steady_of(times.fresh_until, times.stored_at, now),
                     .stale_until = steady_of(times.stale_until, times.stored_at, now),
                     .error_until = steady_of(times.error_until, times.stored_at, now)};
}

}  // namespace libagent
