#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace libagent::lab {

/// Computes for `rounds` rounds; the same count is the same work. Returns something that depends
/// on all of them, so that no compiler leaves them out.
[[nodiscard]] std::uint64_t spin(std::uint64_t rounds);

/// How much work a task is, in rounds of `spin`.
struct work_sizes {
  std::uint64_t short_rounds = 0;  ///< About 50 us of CPU.
  std::uint64_t slice_rounds = 0;  ///< About 1 ms; a long task is many slices.
  std::uint32_t slices = 300;      ///< Of one long task.
};

/// Measures how fast this machine spins, by the CPU time of the calling thread: other load on the
/// machine does not change what comes out. Takes some tens of milliseconds.
[[nodiscard]] work_sizes calibrate_work();

/// The CPU time that `work` takes on the calling thread, in microseconds: the least of some runs.
[[nodiscard]] double cpu_us_of_spin(std::uint64_t rounds);

/// What the long tasks of one contestant share. Thread safety: any thread.
struct long_work {
  std::atomic<std::uint64_t> slices_done{0};
  std::atomic<bool> stopping{false};  ///< Tasks end at their next slice, and no new one begins.
  std::atomic<std::uint64_t> outstanding{0};  ///< Queued or running.
  std::atomic<std::uint64_t> accepted{0};     ///< Tasks that somebody undertook to run.
  std::atomic<std::uint64_t> failures{0};     ///< Tasks that did not end well though not stopped.
  std::once_flag failed_before;
  std::string first_failure;  ///< Written before `failures` is first raised.

  void note_failure(const std::string& why) {
    std::call_once(failed_before, [&] { first_failure = why; });
    failures.fetch_add(1);
  }
};

/// One long task: the same in every contestant that is written in C++.
void run_long_task(const work_sizes& sizes, long_work& shared);

/// Waits until no long task is queued or running; false: not within `seconds`.
[[nodiscard]] bool wait_until_idle(const long_work& shared, int seconds);

}  // namespace libagent::lab
