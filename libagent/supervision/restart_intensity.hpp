#pragma once

#include "libagent/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <deque>

namespace libagent {

/// How many restarts within which time still count as healing. The defaults are those of OTP.
struct restart_limits {
  std::size_t max_restarts = 1;
  duration period = std::chrono::seconds{5};
};

/// Counts restarts in a sliding window.
///
/// The window is half open: a restart exactly `period` old no longer counts.
/// Thread safety: none; one supervisor owns one instance.
class restart_intensity {
public:
  /// @pre `limits.period` is positive.
  explicit restart_intensity(restart_limits limits);

  /// Records a restart at `now`; returns whether the supervisor may go on.
  /// @pre `now` is not earlier than in the previous call.
  [[nodiscard]] bool admit(time_point now);

private:
  restart_limits limits_;
  std::deque<time_point> recent_;  ///< Oldest first; never more than `max_restarts`.
};

}  // namespace libagent
