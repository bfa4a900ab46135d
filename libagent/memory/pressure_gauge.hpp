#pragma once

#include "libagent/base/time.hpp"
#include "libagent/memory/memory_reading.hpp"
#include "libagent/memory/pressure.hpp"
#include "libagent/memory/stall_window.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>

namespace libagent {

/// When one level is entered and left. Used is a share of the budget, available of the machine,
/// stalls are shares of the time (1: never enough). A level is left below half its stalls.
struct pressure_step {
  double enter_used = 1;       ///< Entered above it ...
  double enter_available = 0;  ///< ... or below it.
  double leave_used = 1;       ///< Left when below it ...
  double leave_available = 0;  ///< ... and above it ...
  duration leave_after{};      ///< ... for as long.
  double enter_some = 1;       ///< Entered when some tasks stalled for more of the time ...
  double enter_full = 1;       ///< ... or all tasks did.
};

struct pressure_thresholds {
  /// elevated, high, critical, emergency.
  std::array<pressure_step, 4> steps{{{0.70, 0.20, 0.65, 0.24, std::chrono::seconds{5}, 0.05},
                                      {0.80, 0.12, 0.72, 0.15, std::chrono::seconds{5}, 0.10},
                                      {0.90, 0.06, 0.80, 0.09, std::chrono::seconds{10}, 1, 0.05},
                                      {0.96, 0.00, 0.85, 0.00, std::chrono::seconds{10}}}};
  /// Levels rise one at a time, this far apart, so that each one's reaction can show effect. From
  /// critical to emergency there is no time to wait.
  duration rise_pause = std::chrono::milliseconds{500};
  /// Growth within the last such period is expected to repeat in the next one.
  duration projection = std::chrono::seconds{1};
  /// Stalls are measured over so long.
  duration stall_period = std::chrono::seconds{2};
};

/// How full memory is, in the terms of the thresholds.
struct memory_shares {
  double used = 0;       ///< Of the budget; may pass 1.
  double available = 1;  ///< Of the machine.
  stall_shares stalled;  ///< Of the time.
};

/// The level that `shares` call for, seen from `present`: the highest level whose entry is met, or
/// one less than `present` when that may be left, or `present`. Knows nothing of time.
[[nodiscard]] pressure_level next_level(pressure_level present, memory_shares shares,
                                        const pressure_thresholds& thresholds);

/// Which of the shares meets the entry of `level`: used, available or stall; none if none does.
/// @pre `level` is not normal.
[[nodiscard]] pressure_cause entry_cause(pressure_level level, memory_shares shares,
                                         const pressure_thresholds& thresholds);

/// Turns readings into levels: thresholds with hysteresis, on use projected a second ahead,
/// rising one level at a time and falling one at a time after a calm period. Only an allocation
/// that failed leads to critical in one step.
///
/// Thread safety: none.
class pressure_gauge {
public:
  /// @pre `budget_bytes` is positive.
  explicit pressure_gauge(std::uint64_t budget_bytes, pressure_thresholds thresholds = {});

  /// `promised_bytes` is the use that was agreed on (see `memory_ledger::promised`), read before
  /// the reading was taken. Growth up to it is known to end there; only growth beyond it is a
  /// trend that may go on.
  /// @pre `now` is not earlier than in the previous call.
  pressure_level update(const memory_reading& reading, time_point now,
                        std::uint64_t promised_bytes = 0);

  /// An allocation failed at `now`: at least critical from now on, to be left like any entry.
  pressure_level note_allocation_failure(time_point now);

  [[nodiscard]] pressure_level level() const { return level_; }

  /// What made the level rise last; none at level normal.
  [[nodiscard]] pressure_cause cause() const { return cause_; }

private:
  struct sample {
    time_point at;
    std::uint64_t used_bytes = 0;
    std::uint64_t surprise_bytes = 0;  // of them, beyond what was promised
  };

  [[nodiscard]] std::uint64_t project(std::uint64_t used_bytes, std::uint64_t promised_bytes,
                                      time_point now);
  [[nodiscard]] pressure_cause cause_of(pressure_level wanted, const memory_shares& shares,
                                        std::uint64_t used_bytes) const;
  void rise(pressure_level wanted, pressure_cause cause, time_point now);
  void settle(pressure_level wanted, time_point now);

  pressure_thresholds thresholds_;
  std::uint64_t budget_bytes_;
  pressure_level level_ = pressure_level::normal;
  pressure_cause cause_ = pressure_cause::none;
  stall_window stalls_;
  std::deque<sample> recent_;  // within one projection period, oldest first
  time_point rose_at_;
  time_point calm_since_;
  bool has_risen_ = false;
  bool is_calm_ = false;
};

}  // namespace libagent
