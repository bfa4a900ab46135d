#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace libagent::lab {

/// Calls functions later, on one thread of its own: what an asynchronous tool waits on instead of
/// a device. Thread safety: any thread.
class timer_thread {
public:
  timer_thread();
  timer_thread(const timer_thread&) = delete;
  timer_thread& operator=(const timer_thread&) = delete;
  /// Drops what is not due yet.
  ~timer_thread();

  /// `call` must not block.
  void call_after(std::chrono::milliseconds delay, std::function<void()> call);

private:
  using clock = std::chrono::steady_clock;

  struct entry {
    clock::time_point due;
    std::function<void()> call;

    bool operator<(const entry& other) const { return due > other.due; }  // earliest on top
  };

  void run();

  std::mutex lock_;
  std::condition_variable changed_;
  std::priority_queue<entry> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace libagent::lab
