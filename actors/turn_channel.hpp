#pragma once

#include "libagent/session/turn.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace libagent::actors {

/// The way from a turn to its observer, which is shared by the session and the thread of a model
/// that writes: one call at a time, none after the end, and a turn without an observer goes on.
///
/// Thread safety: any thread.
class turn_channel {
public:
  explicit turn_channel(turn_observer_ptr observer) : observer_{std::move(observer)} {}

  /// Somebody else listens from now on.
  void attach(turn_observer_ptr observer) {
    const std::lock_guard guard{mutex_};
    observer_ = std::move(observer);
  }

  void tell(const turn_update& update) {
    const std::lock_guard guard{mutex_};
    if (observer_)
      observer_->on_update(update);
  }

  void end(const turn_result& result) {
    const std::lock_guard guard{mutex_};
    if (const auto last = std::exchange(observer_, nullptr))
      last->on_end(result);
  }

  [[nodiscard]] std::shared_ptr<flow_gate> flow() const {
    const std::lock_guard guard{mutex_};
    return observer_ ? observer_->flow() : nullptr;
  }

private:
  mutable std::mutex mutex_;
  turn_observer_ptr observer_;
};

}  // namespace libagent::actors
