#pragma once

#include "libagent/base/expected.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace libagent::lab {

/// What one way of running batches of one size came to.
struct io_outcome {
  std::size_t tasks = 0;
  std::vector<double> latencies_ms;  ///< Of each task, counted from the begin of its batch.
  std::vector<double> walls_ms;      ///< Of each batch.
  double cpu_ms = 0;                 ///< Of this process, of all batches.
  std::uint64_t memory_before = 0;   ///< Resident, the least of the batches.
  std::uint64_t memory_peak = 0;     ///< Resident, the most.
  std::size_t wrong = 0;             ///< Answered wrongly, more than once, or not at all.
  std::string first_problem;         ///< Of the wrong ones.
  bool is_computed = false;          ///< Not run: follows from the shape.
};

/// What a task asks the server, and what it must come back with.
[[nodiscard]] std::string io_request(std::size_t index);
[[nodiscard]] std::string io_answer(std::size_t index);

/// Notes when each task of one batch was answered, and with what.
///
/// Thread safety: `answered` from any thread, the rest on the thread that runs the batch.
class io_batch {
public:
  explicit io_batch(std::size_t tasks);

  /// The clock of every task begins here: all are wanted at once.
  void begin();
  /// A task's end; must come once for each.
  void answered(std::size_t index, expected<std::string> line);
  /// Waits until all were answered, at most so long.
  void wait(std::chrono::seconds longest);
  /// Adds what was seen. Takes nothing in any more from then on.
  void add_to(io_outcome& outcome);

private:
  using steady = std::chrono::steady_clock;

  struct entry {
    std::uint32_t times = 0;
    steady::time_point at;
    expected<std::string> line{std::string{}};
  };

  std::mutex mutex_;
  std::condition_variable all_answered_;
  std::vector<entry> entries_;
  std::size_t left_;
  steady::time_point begin_;
};

/// Submits `tasks` tasks and sees to it that each is noted in the batch. May return before they
/// have been, and may block.
using io_runner = std::function<void(const std::shared_ptr<io_batch>& batch, std::size_t tasks)>;

/// Runs `rounds` batches of `tasks` one after the other.
[[nodiscard]] io_outcome run_batches(const io_runner& run, std::size_t tasks, int rounds);

/// What follows for a pool of `threads` that each wait `wait` with one task at a time.
[[nodiscard]] io_outcome computed_for_pool(std::size_t tasks, std::size_t threads,
                                           std::chrono::milliseconds wait);

}  // namespace libagent::lab
