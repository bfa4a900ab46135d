#pragma once

#include "libagent/base/time.hpp"
#include "libagent/memory/pressure.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace libagent {

// What to do at which level: higher levels do what lower ones do, and more.
//
//   normal     nothing; caches may grow
//   elevated   caches grow no more
//   high       caches shrink, half of the long tasks run, the least critical are refused
//   critical   caches go to their floor, one long task runs, the youngest other is pre-empted
//   emergency  the largest long task is cancelled, the emergency block is given up

/// How many of `all` long tasks may run at a time: all, half (rounded up), or one.
[[nodiscard]] constexpr std::uint32_t batch_permits(std::uint32_t all, pressure_level level) {
  if (level < pressure_level::high)
    return all;
  if (level == pressure_level::high)
    return all / 2 + all % 2;
  return all < 1 ? all : 1;
}

/// Whether running long tasks are put back into the queue, youngest first.
[[nodiscard]] constexpr bool preempts(pressure_level level) {
  return level >= pressure_level::critical;
}

/// Whether running long tasks are ended, largest first.
[[nodiscard]] constexpr bool cancels(pressure_level level) {
  return level >= pressure_level::emergency;
}

/// Whether the memory that is kept for emergencies is given up.
[[nodiscard]] constexpr bool releases_reserve(pressure_level level) {
  return level >= pressure_level::emergency;
}

/// Whether it may be taken back: far enough below for it not to bring the level back.
[[nodiscard]] constexpr bool refills_reserve(pressure_level level) {
  return level <= pressure_level::elevated;
}

/// What the ladder asks for now.
enum class ladder_step : std::uint8_t { none, preempt, cancel };

/// Says when the next task is to be pre-empted or cancelled: at most one of each per pause, so that
/// the memory of one has come back before the next is chosen. At emergency cancelling comes first;
/// pre-empting goes on beside it. Thread safety: none.
class ladder_pace {
public:
  explicit ladder_pace(duration pause = std::chrono::seconds{1}) : pause_{pause} {}

  /// What is due at `level`; none when it was taken less than a pause ago. Call `taken` when a task
  /// was found for it: without one the step stays due.
  [[nodiscard]] ladder_step due(pressure_level level, time_point now) const;

  /// `step` was taken.
  void taken(ladder_step step, time_point now);

private:
  [[nodiscard]] bool has_paused(const std::optional<time_point>& since, time_point now) const {
    return !since || now - *since >= pause_;
  }

  duration pause_;
  std::optional<time_point> preempted_at_;
  std::optional<time_point> cancelled_at_;
};

}  // namespace libagent
