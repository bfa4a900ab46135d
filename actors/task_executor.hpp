#pragma once

/// What short-task handlers, blocking handlers and long-task workers have in common.

#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/tasks/progress_gate.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace libagent::actors {

struct executor_options {
  executor_kind kind = executor_kind::handler;
  std::uint32_t credit = 1;  ///< Items in its mailbox at a time.
  std::string dispatcher_path = actors::dispatcher_path;
  std::string cache_path = actors::cache_path;
  /// Called once, on the thread that runs the tools; may lower that thread's priority.
  std::function<void()> on_thread_start = [] {};
};

/// Runs the tools that the dispatcher hands out, one at a time.
///
/// **Messages**: `execute` from the dispatcher; it answers with `done`, at high priority, and with
/// `progress` at most ten times a second and once more before the end. At its start it announces
/// itself with `ready` to the dispatcher that it finds under `dispatcher_path`.
/// **Mailbox**: bounded by its credit, since only the dispatcher writes to it.
/// **Cache**: answers of a tool with a `cache_ttl` come from the cache actor, or go there; equal
/// calls at the same time run once. Waiting for the cache holds no thread. Without a cache actor,
/// or when it fails, the tool simply runs.
/// **Failure**: a tool that throws a `std::exception` fails its task. A `contract_violation` is a
/// bug, is not caught, and ends the executor; use a permanent child. What it had begun is run
/// again or ends dead, the rest of its mailbox goes to others.
class task_executor {
public:
  task_executor(executor_actor::pointer self, executor_options options);

  [[nodiscard]] executor_actor::behavior_type make_behavior();

private:
  void announce();
  void execute(const work_item& item);
  void ask_cache(const cache_actor& cache, const work_item& item);
  void run_and_answer(const work_item& item);
  void run_and_publish(const cache_actor& cache, const work_item& item, const std::string& key,
                       std::uint64_t token);
  [[nodiscard]] expected<std::string> run(const work_item& item);
  void answer(const work_item& item, expected<std::string> outcome);
  void report(const work_item& item, progress_gate& gate, double fraction, std::string message);
  [[nodiscard]] time_point now() const;

  executor_actor::pointer self_;
  executor_options options_;
  dispatcher_actor dispatcher_;
  std::shared_ptr<std::atomic<std::uint64_t>> begun_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace libagent::actors
