#include "apps/lab/timer_loop.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace libagent::lab {

timer_loop::timer_loop() : thread_{[this] { run(); }} {}

timer_loop::~timer_loop() {
  stop();
}

void timer_loop::stop() {
  {
    const std::lock_guard guard{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable())
    thread_.join();
  std::vector<entry> dropped;
  {
    const std::lock_guard guard{mutex_};
    dropped.swap(heap_);
  }
  // They go outside the lock: what they hold may ask for this loop when it goes.
}

void timer_loop::at(time_point when, action what) {
  bool is_first = false;
  {
    const std::lock_guard guard{mutex_};
    if (is_stopping_)
      return;
    heap_.push_back({.when = when, .order = order_++, .what = std::move(what)});
    std::ranges::push_heap(heap_, std::less<>{});
    is_first = heap_.front().order == order_ - 1;
  }
  if (is_first)
    changed_.notify_one();
}

void timer_loop::run() {
  std::unique_lock lock{mutex_};
  while (!is_stopping_) {
    if (heap_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto when = heap_.front().when;
    if (std::chrono::steady_clock::now() < when) {
      changed_.wait_until(lock, when);
      continue;
    }
    std::ranges::pop_heap(heap_, std::less<>{});
    auto due = std::move(heap_.back());
    heap_.pop_back();
    lock.unlock();
    due.what(due.when);
    due.what = nullptr;  // it may hold the last hold of something whose end asks for this loop
    lock.lock();
  }
}

}  // namespace libagent::lab
