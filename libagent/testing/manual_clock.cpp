#include "libagent/testing/manual_clock.hpp"

#include <algorithm>

namespace libagent::testing {

time_point manual_clock::now() const {
  const std::lock_guard guard{mutex_};
  return now_;
}

void manual_clock::after(duration wait, std::function<void()> action) {
  if (wait <= duration::zero())
    return action();
  const std::lock_guard guard{mutex_};
  waiting_.emplace(std::pair{now_ + wait, next_number_++}, std::move(action));
}

void manual_clock::advance(duration by) {
  const auto until = now() + by;
  while (run_next(until)) {
  }
  const std::lock_guard guard{mutex_};
  now_ = std::max(now_, until);
}

bool manual_clock::advance_to_next() {
  return run_next(time_point::max());
}

bool manual_clock::run_next(time_point until) {
  std::function<void()> action;
  {
    const std::lock_guard guard{mutex_};
    if (waiting_.empty() || waiting_.begin()->first.first > until)
      return false;
    auto first = waiting_.extract(waiting_.begin());
    now_ = std::max(now_, first.key().first);
    action = std::move(first.mapped());
  }
  action();
  return true;
}

std::size_t manual_clock::waiting() const {
  const std::lock_guard guard{mutex_};
  return waiting_.size();
}

}  // namespace libagent::testing
