#include "apps/lab/timer_thread.hpp"

#include <utility>

namespace libagent::lab {

timer_thread::timer_thread() : thread_{[this] { run(); }} {}

timer_thread::~timer_thread() {
  {
    const std::lock_guard guard{lock_};
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void timer_thread::call_after(std::chrono::milliseconds delay, std::function<void()> call) {
  {
    const std::lock_guard guard{lock_};
    waiting_.push({clock::now() + delay, std::move(call)});
  }
  changed_.notify_one();
}

void timer_thread::run() {
  std::unique_lock guard{lock_};
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.wait(guard);
    } else if (const auto due = waiting_.top().due; clock::now() < due) {
      changed_.wait_until(guard, due);
    } else {
      auto call = waiting_.top().call;
      waiting_.pop();
      guard.unlock();
      call();
      guard.lock();
    }
  }
}

}  // namespace libagent::lab
