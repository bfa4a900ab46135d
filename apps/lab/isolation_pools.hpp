#pragma once

#include "apps/lab/isolation_contestant.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace libagent::lab {

/// Threads that take work from one queue, first come first served: a mutex, a condition variable,
/// nothing else. Thread safety: any thread.
class plain_pool {
public:
  /// `on_start` runs on each thread first.
  plain_pool(std::size_t threads, const std::function<void()>& on_start);
  plain_pool(const plain_pool&) = delete;
  plain_pool& operator=(const plain_pool&) = delete;
  /// Drops what has not begun and waits for what has.
  ~plain_pool();

  void post(std::function<void()> work);

private:
  void run();

  std::mutex lock_;
  std::condition_variable arrived_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// How threads are ranked, in a contestant written in C++.
enum class ranking : std::uint8_t {
  none,  ///< All alike.
  nice,  ///< Long tasks at the lowest ordinary priority, nice 19.
  fifo,  ///< That, and short tasks at real-time priority.
};

/// What their threads do first.
[[nodiscard]] std::function<void()> on_long_thread(ranking ranks);
[[nodiscard]] std::function<void()> on_short_thread(ranking ranks);

/// Long tasks on a plain pool; each that ends puts the next into the queue.
class pool_long_load {
public:
  /// `pool` must outlive it.
  pool_long_load(const bench_sizes& sizes, plain_pool& pool) : sizes_{sizes}, pool_{pool} {}

  pool_long_load(const pool_long_load&) = delete;
  pool_long_load& operator=(const pool_long_load&) = delete;
  ~pool_long_load();

  void start();
  expected<void> stop();
  [[nodiscard]] double done() const;

private:
  void post_next();

  bench_sizes sizes_;
  plain_pool& pool_;
  long_work shared_;
};

/// Plain pools: one for both kinds of work in one queue, or one for each, which is what the kernel
/// gives without more.
class pools_contestant final : public contestant {
public:
  enum class pools : std::uint8_t { one, two };

  pools_contestant(const bench_sizes& sizes, pools how_many, ranking ranks);

  expected<void> start_long() override;
  expected<void> stop_long() override;
  [[nodiscard]] double long_tasks_done() override;
  expected<void> play(const answer_board_ptr& board) override;

  /// Runs one short task; `done` hears on the pool's thread whether it went well. Thread safety:
  /// any thread.
  void post_short(std::function<void(bool)> done);

private:
  bench_sizes sizes_;
  plain_pool long_pool_;
  std::optional<plain_pool> short_pool_;
  pool_long_load long_load_;  // Last: its tasks must have ended before the pools go.
};

}  // namespace libagent::lab
