#pragma once

#include "libagent/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace libagent::testing {

/// Time that passes only when a test says so, and what is to happen when it has.
///
/// Thread safety: any thread. What is due runs on the thread that calls `advance`.
class manual_clock {
public:
  manual_clock() = default;

  explicit manual_clock(time_point start) : now_{start} {}

  [[nodiscard]] time_point now() const;

  /// Has `action` run when `wait` has passed; at once when it is not positive.
  void after(duration wait, std::function<void()> action);

  /// Lets time pass. Runs what falls due in the order of its times, each when its time is `now`,
  /// including what those actions ask for.
  void advance(duration by);

  /// Passes to the next thing that waits; false: nothing does.
  bool advance_to_next();

  /// Actions that still wait.
  [[nodiscard]] std::size_t waiting() const;

private:
  bool run_next(time_point until);

  mutable std::mutex mutex_;
  time_point now_;
  std::uint64_t next_number_ = 0;
  /// By time, then in the order in which they were asked for.
  std::map<std::pair<time_point, std::uint64_t>, std::function<void()>> waiting_;
};

}  // namespace libagent::testing
