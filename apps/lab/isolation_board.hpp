#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace libagent::lab {

/// The requests of one open loop: when each is due, when it was answered, and how often.
///
/// The time of an answer counts from when the request was due, not from when it was sent: a
/// sender that falls behind cannot hide a wait (no coordinated omission, see Gil Tene's
/// HdrHistogram). Thread safety: `answer` from any thread, the others from the sender's.
class answer_board {
public:
  using clock = std::chrono::steady_clock;

  /// Each request is due so long after `start`, in rising order.
  explicit answer_board(std::vector<std::chrono::nanoseconds> due_after);

  /// From now on requests are due. Once, before anything is sent.
  void start();

  [[nodiscard]] std::size_t size() const { return due_after_.size(); }

  /// @pre `start` was called.
  [[nodiscard]] clock::time_point due(std::size_t index) const;

  /// Request `index` was answered now, well or not.
  void answer(std::size_t index, bool good);

  [[nodiscard]] bool all_answered() const { return answered_.load() >= size(); }

  /// Waits for the rest of the answers; false: some are missing after `patience`.
  [[nodiscard]] bool wait_for_all(std::chrono::seconds patience) const;

  /// Of the answered requests, in microseconds from when they were due.
  [[nodiscard]] std::vector<double> latencies_us() const;

  [[nodiscard]] std::size_t unanswered() const;

  [[nodiscard]] std::size_t answered_twice() const { return repeated_.load(); }

  [[nodiscard]] std::size_t answered_badly() const { return bad_.load(); }

private:
  std::vector<std::chrono::nanoseconds> due_after_;
  std::vector<std::atomic<std::int64_t>> took_ns_;  ///< -1: not answered yet.
  clock::time_point start_;
  std::atomic<std::size_t> answered_{0};
  std::atomic<std::size_t> repeated_{0};
  std::atomic<std::size_t> bad_{0};
};

/// Arrivals at `per_second` on average with exponential gaps (a Poisson process) for `length`,
/// drawn from `seed`.
[[nodiscard]] std::vector<std::chrono::nanoseconds> poisson_arrivals(
    double per_second, std::chrono::milliseconds length, std::uint64_t seed);

using answer_board_ptr = std::shared_ptr<answer_board>;

/// Sleeps until `when`, as exactly as the machine can.
void sleep_until_exactly(std::chrono::steady_clock::time_point when);

}  // namespace libagent::lab
