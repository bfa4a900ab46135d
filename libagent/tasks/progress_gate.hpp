#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace libagent {

/// Lets a report of progress through at most every 100 ms, and keeps the latest of the others, so
/// that a tool may report in every loop. The first one always passes.
///
/// Thread safety: none; one per run of a tool.
class progress_gate {
public:
  static constexpr std::chrono::milliseconds interval{100};

  /// Returns `reported` when it may go out now; else keeps it in place of what was kept before.
  [[nodiscard]] std::optional<task_progress> offer(task_progress reported, time_point now) {
    if (last_ && now - *last_ < interval) {
      held_back_ = std::move(reported);
      return std::nullopt;
    }
    last_ = now;
    held_back_.reset();
    return reported;
  }

  /// What was kept last; at the end of a run it goes out after all.
  [[nodiscard]] std::optional<task_progress> take_held_back() {
    return std::exchange(held_back_, std::nullopt);
  }

private:
  std::optional<time_point> last_;
  std::optional<task_progress> held_back_;
};

}  // namespace libagent
