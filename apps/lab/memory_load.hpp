#pragma once

#include "apps/lab/report.hpp"
#include "libagent/tasks/task.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <vector>

namespace libagent::lab {

/// Ten times as many long tasks as fit into a memory limit, and short ones beside them.
struct memory_load {
  std::uint64_t limit_bytes = std::uint64_t{512} << 20U;
  std::uint64_t task_bytes = std::uint64_t{64} << 20U;  ///< Each long task writes to so much ...
  std::chrono::milliseconds hold_min{200};              ///< ... and keeps it for so long.
  std::chrono::milliseconds hold_max{500};
  double times_what_fits = 10;
  double short_per_s = 200;
  std::size_t workers = 16;  ///< That could run at a time; more than fit.
  std::chrono::seconds length{20};
  std::chrono::milliseconds short_timeout{1'000};
  std::chrono::milliseconds long_timeout{10'000};
  std::uint64_t seed = 1;
};

[[nodiscard]] memory_load memory_load_for(const lab_options& options, std::uint64_t limit_bytes);

/// Long tasks a second: what fits at a time, over how long they hold it, times the factor.
[[nodiscard]] double long_per_s(const memory_load& load);

/// What became of the tasks of one lane. Thread safety: all members.
class load_tally {
public:
  void note_offered() { ++offered_; }

  void note_accepted() { ++accepted_; }

  void note_refused() { ++refused_; }

  /// An accepted task ended, and took so long from when it was to begin.
  void note_ended(task_state how, std::chrono::duration<double, std::milli> took);

  /// The same task ended once more.
  void note_ended_twice() { ++twice_; }

  /// Accepted tasks that did not end exactly once.
  [[nodiscard]] std::uint64_t wrong() const;

  [[nodiscard]] nlohmann::ordered_json to_json_value() const;

private:
  std::atomic<std::uint64_t> offered_ = 0;
  std::atomic<std::uint64_t> accepted_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> ended_ = 0;
  std::atomic<std::uint64_t> succeeded_ = 0;
  std::atomic<std::uint64_t> failed_ = 0;
  std::atomic<std::uint64_t> cancelled_ = 0;
  std::atomic<std::uint64_t> expired_ = 0;
  std::atomic<std::uint64_t> dead_ = 0;
  std::atomic<std::uint64_t> twice_ = 0;
  mutable std::mutex mutex_;
  std::vector<double> took_ms_;  // of those that succeeded
};

using load_time = std::chrono::steady_clock::time_point;

/// A long task of the load.
struct long_task {
  std::chrono::milliseconds hold{0};
  bool is_declared = false;  ///< Whether it says beforehand how much memory it takes.
};

struct load_targets {
  std::function<void(load_time intended)> submit_short;
  std::function<void(const long_task&, load_time intended)> submit_long;
  std::function<void()> every_quarter_second;
};

/// Offers the load: both kinds in an open loop with exponential gaps, every second long task
/// declared. Blocking: for the length of the load.
void offer(const memory_load& load, const load_targets& targets);

/// Computes for 50 microseconds.
void compute_briefly();

/// Allocates and writes to `bytes`, keeps them for `hold`, and returns whether it did so to the
/// end. Throws std::bad_alloc.
[[nodiscard]] bool keep_memory(std::uint64_t bytes, std::chrono::milliseconds hold,
                               const std::stop_token& stop);

}  // namespace libagent::lab
