#pragma once

#include "libagent/base/time.hpp"

#include <optional>

namespace libagent {

/// Decides by queue wait whether more may be let into a queue of short tasks.
///
/// After CoDel (Nichols and Jacobson 2012) and its use for server queues (Maurer, "Fail at scale",
/// 2015): a queue that empties now and then is a burst and does no harm; one whose least wait over
/// an interval stayed above the target is a standing queue, which only makes all wait. While there
/// is one, the gate is closed whenever the head has waited longer than the target, so that just
/// enough is let in to keep the servers busy. For one interval after a standing queue the gate
/// does not wait for another interval before it closes again, as CoDel's drop state.
///
/// For tasks that take longer than the target, target and interval grow with them: the target is
/// at least twice the service time, the interval at least three times the target.
/// Thread safety: none.
class wait_gate {
public:
  /// @pre Both are positive.
  wait_gate(duration target, duration interval);

  /// Tells what a task takes on average.
  void set_service_time(duration mean);

  /// A task left the queue to start after having `waited`.
  /// @pre `now` is not earlier than in the previous call.
  void on_start(duration waited, time_point now);

  /// Nothing waits any more.
  void on_empty(time_point now);

  /// Whether more may be let in. `oldest_wait` is how long the head has waited until now, zero
  /// when nothing waits. A head that waits for an interval past the target closes the gate too:
  /// then nothing starts at all.
  [[nodiscard]] bool is_open(time_point now, duration oldest_wait) const;

  /// When the standing queue will have drained: about what its tasks wait.
  [[nodiscard]] duration retry_after(duration oldest_wait = {}) const;

  [[nodiscard]] duration target() const { return target_; }

  [[nodiscard]] duration interval() const { return interval_; }

private:
  [[nodiscard]] bool stood_lately(time_point now) const;

  duration target_min_;
  duration interval_min_;
  duration target_;
  duration interval_;
  std::optional<time_point> above_since_;  ///< Since when all waits were above the target.
  std::optional<time_point> stood_at_;     ///< When a standing queue was last seen.
  duration last_wait_{};
};

}  // namespace libagent
