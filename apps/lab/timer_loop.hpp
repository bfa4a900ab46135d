#pragma once

#include "libagent/base/time.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace libagent::lab {

/// One thread that calls functions at given times, those of the same time in the order they came.
///
/// A function hears for when it was meant, which is a little before it is called: what it plans
/// from there does not drift. Thread safety: `at` from any thread, also from such a function; the
/// functions run on the loop's thread, one at a time.
class timer_loop {
public:
  using action = std::function<void(time_point meant)>;

  timer_loop();
  timer_loop(const timer_loop&) = delete;
  timer_loop& operator=(const timer_loop&) = delete;
  ~timer_loop();

  /// Calls `what` at `when`, or as soon as possible when that has passed.
  void at(time_point when, action what);

  /// Ends the thread; what still waits, and whatever comes later, is dropped without being called.
  /// Not from a function of this loop.
  void stop();

private:
  struct entry {
    time_point when;
    std::uint64_t order = 0;
    action what;

    friend bool operator<(const entry& a, const entry& b) {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };

  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<entry> heap_;
  std::uint64_t order_ = 0;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace libagent::lab
