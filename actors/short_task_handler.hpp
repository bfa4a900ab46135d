#pragma once

/// Runs interactive tasks.

#include "actors/task_executor.hpp"

#include <utility>

namespace libagent::actors {

/// Pooled on CAF's scheduler it runs inline tools, which must not block and should take under a
/// millisecond. On a thread of its own, and with `executor_kind::blocking`, it runs interactive
/// tools that may block.
///
/// Messages, mailbox and failure: see `task_executor`. A restart loses nothing.
class short_task_handler_state : public task_executor {
public:
  static inline const char* name = "libagent.handler";

  explicit short_task_handler_state(executor_actor::pointer self, executor_options options = {})
      : task_executor{self, std::move(options)} {}
};

using short_task_handler_impl = executor_actor::stateful_impl<short_task_handler_state>;

}  // namespace libagent::actors
