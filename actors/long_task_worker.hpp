#pragma once

/// Runs batch tasks.

#include "actors/task_executor.hpp"

#include <functional>
#include <utility>

namespace libagent::actors {

/// The options of a worker: one task at a time, on a thread that `lower_priority` makes yield to
/// everybody else's.
[[nodiscard]] inline executor_options worker_options(std::function<void()> lower_priority,
                                                     const cache_route& cache = {}) {
  return {
      .kind = executor_kind::worker, .cache = cache, .on_thread_start = std::move(lower_priority)};
}

/// A thread of its own, for tasks that compute or block for long. A task that ignores its stop
/// token keeps the worker busy until it returns: threads cannot be killed.
///
/// Messages, mailbox and failure: see `task_executor`. A restart loses nothing but progress.
class long_task_worker_state : public task_executor {
public:
  static inline const char* name = "libagent.worker";

  long_task_worker_state(executor_actor::pointer self, executor_options options)
      : task_executor{self, std::move(options)} {}
};

using long_task_worker_impl = executor_actor::stateful_impl<long_task_worker_state>;

}  // namespace libagent::actors
