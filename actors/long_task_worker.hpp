#pragma once

/// Runs batch tasks.

#include "actors/task_executor.hpp"

#include <utility>

namespace libagent::actors {

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
