#include "apps/lab/child_program.hpp"
#include "apps/lab/memory_limited.hpp"
#include "apps/lab/memory_load.hpp"
#include "libagent/adapters/thread_priority.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <new>
#include <thread>
#include <utility>

namespace libagent::lab {

namespace {

/// Threads with one queue that has no bound: what one writes first.
class plain_pool {
public:
  plain_pool(std::size_t threads, int niceness) {
    for (std::size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this, niceness](const std::stop_token& stop) {
        (void)set_thread_niceness(niceness);
        serve(stop);
      });
    }
  }

  void add(std::function<void()> work) {
    {
      const std::lock_guard lock{mutex_};
      queue_.push_back(std::move(work));
    }
    wanted_.notify_one();
  }

  /// Waits until the queue is empty and drops what is in it after `patience`.
  void drain(std::chrono::seconds patience) {
    std::unique_lock lock{mutex_};
    emptied_.wait_for(lock, patience, [this] { return queue_.empty(); });
    queue_.clear();
  }

private:
  void serve(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (wanted_.wait(lock, stop, [this] { return !queue_.empty(); })) {
      const auto work = std::move(queue_.front());
      queue_.pop_front();
      if (queue_.empty())
        emptied_.notify_all();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any wanted_;
  std::condition_variable_any emptied_;
  std::deque<std::function<void()>> queue_;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

std::chrono::duration<double, std::milli> since(load_time begin) {
  return std::chrono::steady_clock::now() - begin;
}

task_state hold_bare(const memory_load& load, const long_task& task) {
  try {
    return keep_memory(load.task_bytes, task.hold, {}) ? task_state::succeeded
                                                       : task_state::cancelled;
  } catch (const std::bad_alloc&) {
    return task_state::failed;
  }
}

}  // namespace

int run_bare_child(const lab_options& options, std::uint64_t limit_bytes) {
  const auto load = memory_load_for(options, limit_bytes);
  load_tally shorts;
  load_tally longs;
  const auto tell = [&](bool is_done) {
    tell_parent(
        {{"done", is_done}, {"short", shorts.to_json_value()}, {"long", longs.to_json_value()}});
  };
  {
    plain_pool short_pool{std::max(1U, std::thread::hardware_concurrency()), 0};
    plain_pool long_pool{load.workers, 19};
    offer(load, {.submit_short =
                     [&](load_time intended) {
                       shorts.note_offered();
                       shorts.note_accepted();
                       short_pool.add([&shorts, intended] {
                         compute_briefly();
                         shorts.note_ended(task_state::succeeded, since(intended));
                       });
                     },
                 .submit_long =
                     [&](const long_task& task, load_time intended) {
                       longs.note_offered();
                       longs.note_accepted();
                       long_pool.add([&, task, intended] {
                         longs.note_ended(hold_bare(load, task), since(intended));
                       });
                     },
                 .every_quarter_second = [&] { tell(false); }});
    short_pool.drain(std::chrono::seconds{5});
    long_pool.drain(std::chrono::seconds{5});
  }
  tell(true);
  return 0;
}

}  // namespace libagent::lab
