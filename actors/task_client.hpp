#pragma once

/// Runs tasks from threads that are not actors: the command line, tests, a host program.

#include "libagent/base/expected.hpp"
#include "libagent/tasks/task.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <stop_token>

namespace libagent::actors {

/// Thread safety: any thread, also concurrently; each call is on its own.
class task_client {
public:
  /// Hears of a task's changes on the thread that called `run`. Changes that come faster than it
  /// takes them are merged: it always gets the latest.
  using change_callback = std::function<void(const task_record&)>;

  /// `system` must outlive the client.
  /// @pre `tools` is not null.
  task_client(caf::actor_system& system, std::shared_ptr<const tool_registry> tools);

  /// Runs a task and waits for its end; the record returned is terminal. A stop request cancels
  /// the task.
  ///
  /// Blocking: until the task ends, which its deadline bounds. Errors: why the task was refused;
  /// `errc::unavailable` when the dispatcher is down or dies meanwhile.
  [[nodiscard]] expected<task_record> run(task_request request, const std::stop_token& stop = {},
                                          const change_callback& on_change = {}) const;

  /// Submits a task and waits for nothing. It is tracked like any other; when it is refused nobody
  /// hears of it.
  void start(task_request request) const;

private:
  caf::actor_system* system_;
  std::shared_ptr<const tool_registry> tools_;
};

}  // namespace libagent::actors
