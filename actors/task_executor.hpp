#pragma once

/// What short-task handlers, blocking handlers and long-task workers have in common.

#include "actors/cache_route.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/tasks/progress_gate.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace libagent::actors {

struct executor_options {
  executor_kind kind = executor_kind::handler;
  std::uint32_t credit = 1;  ///< Items in its mailbox at a time.
  std::string dispatcher_path = actors::dispatcher_path;
  cache_route cache;
  /// Called once, on the thread that runs the tools; may lower that thread's priority.
  std::function<void()> on_thread_start = [] {};
};

/// Runs the tools that the dispatcher hands out, one at a time.
///
/// **Messages**: `execute` from the dispatcher; it answers with `done`, at high priority, and with
/// `progress` at most ten times a second and once more before the end. At its start it announces
/// itself with `ready` to the dispatcher that it finds under `dispatcher_path`.
/// **Mailbox**: bounded by its credit, since only the dispatcher writes to it.
/// **Cache**: answers of a tool that is pure or has a `cache_ttl` come from the cache, or go there;
/// equal calls at the same time run once. A pure tool that took less time than asking takes is not
/// asked for. Waiting for the cache holds no thread. An answer that is due to be
/// refreshed is served first and computed again afterwards; one past its time is served when
/// computing it anew fails. Without a cache, or when it fails, the tool simply runs.
/// **Failure**: a tool that throws a `std::exception` fails its task. A `contract_violation` is a
/// bug, is not caught, and ends the executor; use a permanent child. What it had begun is run
/// again or ends dead, the rest of its mailbox goes to others.
class task_executor {
public:
  task_executor(executor_actor::pointer self, executor_options options);

  [[nodiscard]] executor_actor::behavior_type make_behavior();

private:
  /// A task whose answer may be in the cache.
  struct cache_lease {
    work_item item;
    cache_actor cache;
    cache_name name;
    std::uint64_t token = 0;
  };

  void announce();
  void execute(const work_item& item);
  void ask_cache(const work_item& item);
  [[nodiscard]] bool is_worth_caching(const tool_spec& spec) const;
  void run_and_answer(const work_item& item);
  void on_cache_answer(const cache_lease& lease, const cache_answer& found);
  void compute(const cache_lease& lease);
  void refresh(const cache_lease& lease);
  [[nodiscard]] expected<std::string> run(const work_item& item);
  void answer(const work_item& item, expected<std::string> outcome,
              std::optional<cache_use> use = {});
  void report(const work_item& item, progress_gate& gate, double fraction, std::string message);
  [[nodiscard]] time_point now() const;

  [[nodiscard]] expected<std::string> run_for(const cache_lease& lease);

  executor_actor::pointer self_;
  executor_options options_;
  dispatcher_actor dispatcher_;
  std::unordered_map<std::string, duration> usual_time_;  // latest run, by pure tool
  std::shared_ptr<std::atomic<std::uint64_t>> begun_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace libagent::actors
