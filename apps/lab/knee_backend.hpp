#pragma once

#include "apps/lab/knee_workload.hpp"
#include "apps/lab/timer_loop.hpp"
#include "libagent/base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace libagent::lab {

/// What a backend did up to a moment.
struct backend_tally {
  time_point at;
  std::uint64_t begun = 0;
  std::uint64_t served = 0;
  double under_way_seconds = 0;  ///< Integral of what was under way over time.
};

/// Work with a knee in real time: any number of requests wait at a time, then one is served after
/// the other. Like most model servers it does not notice when nobody waits for an answer any more.
///
/// Thread safety: all functions from any thread. What is told to `done` is told on the thread of
/// the backend; it may ask again from there but must not block.
class knee_backend {
public:
  knee_backend(const knee_workload& work, std::uint64_t seed);

  void begin(std::function<void()> done);

  [[nodiscard]] backend_tally tally() const;

  /// Serves nothing more and drops what is under way: nothing is told after this. Not from `done`.
  void stop();

private:
  void need_server(std::function<void()> done, time_point now);
  void serve(time_point now);
  void finish(time_point now);
  void see(time_point now);

  knee_workload work_;
  mutable std::mutex mutex_;
  seeded_random random_;
  std::deque<std::function<void()>> at_server_;
  std::size_t under_way_ = 0;
  backend_tally tally_;
  timer_loop loop_;  ///< Last: its thread ends before the rest goes.
};

}  // namespace libagent::lab
