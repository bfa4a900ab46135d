#pragma once

/// What short-task handlers, blocking handlers, long-task workers and waiters have in common.

#include "actors/cache_route.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/memory/memory_ledger.hpp"
#include "libagent/ports/thread_usage.hpp"
#include "libagent/tasks/progress_gate.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace libagent::actors {

struct executor_options {
  executor_kind kind = executor_kind::handler;
  std::uint32_t credit = 1;  ///< Items in its mailbox at a time; runs under way, for a waiter.
  std::string dispatcher_path = actors::dispatcher_path;
  cache_route cache;
  /// Called once, on the thread that runs the tools; may change that thread's priority.
  std::function<void()> on_thread_start = [] {};
  /// Tells a tool that computes or waits too long from one whose thread was not given a core.
  /// Empty: the clock alone decides.
  /// Note that a run begins and ends on the calling thread; empty: nobody wants to know.
  std::function<void(const task_id& id, std::string_view target)> mark_run;
  std::function<void()> unmark_run;
  thread_usage_reader thread_usage;
  std::shared_ptr<memory_ledger> ledger;  ///< Null: reserving always succeeds.
};

/// Runs the tools that the dispatcher hands out: one at a time, or, as a waiter, any number of
/// asynchronous ones, which hold no thread while they wait.
///
/// **Messages**: `execute` from the dispatcher; it answers with `done`, at high priority, and with
/// `progress` at most ten times a second and once more before the end. `done, run, outcome` from
/// asynchronous tools. At its start it announces itself with `ready` to the dispatcher that it
/// finds under `dispatcher_path`.
/// **Mailbox**: bounded by its credit, since only the dispatcher writes to it.
/// **Cache**: answers of a tool that is pure or has a `cache_ttl` come from the cache, or go there;
/// equal calls at the same time run once. A pure tool that took less time than asking takes is not
/// asked for. Waiting for the cache holds no thread. An answer that is due to be
/// refreshed is served first and computed again afterwards; one past its time is served when
/// computing it anew fails. Without a cache, or when it fails, the tool simply runs.
/// **Memory**: tools reserve from the ledger and mark phases with the memory monitor, which also
/// hears of it when memory ran out in a tool; such a task fails with `overloaded`.
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

  /// How one run of a tool went.
  struct run_result {
    expected<std::string> outcome;
    std::optional<std::chrono::microseconds> ran;  ///< Absent when the tool did not run.
    std::chrono::microseconds held{0};
    std::optional<task_group> children;  ///< What it waits for instead of having ended.
  };

  using then = std::function<void(run_result)>;

  /// One run of a tool; lives until nobody can report its progress or end any more.
  struct tool_run {
    work_item item;
    std::mutex mutex;  // An asynchronous tool reports from threads of its own.
    progress_gate gate;
    tool_context context;
    time_point begun;
    then on_end;  // Of asynchronous ones.
    std::chrono::microseconds held{0};
    std::optional<task_group> children;
  };

  void announce();
  void execute(const work_item& item);
  void answer(const work_item& item, run_result result, std::optional<cache_use> use = {});
  [[nodiscard]] time_point now() const;

  // Running.
  void run(const work_item& item, then on_end);
  [[nodiscard]] std::shared_ptr<tool_run> make_run(const work_item& item);
  [[nodiscard]] static std::optional<error> not_to_begin(const work_item& item, time_point now);
  void run_here(const std::shared_ptr<tool_run>& begun, const then& on_end);
  void start_async(const std::shared_ptr<tool_run>& begun, then on_end);
  void end_async(std::uint64_t number, work_outcome& outcome);
  void flush_progress(tool_run& ended);
  /// Calls the tool, and notes how long it held this thread.
  template <class Call>
  std::chrono::microseconds call_watched(const work_item& item, Call call);
  [[nodiscard]] error out_of_memory(const std::string& tool_name);

  // With the cache.
  void ask_cache(const work_item& item);
  [[nodiscard]] expected<std::string> key_of(const work_item& item);
  [[nodiscard]] bool is_worth_caching(const tool_spec& spec) const;
  void run_and_answer(const work_item& item);
  void on_cache_answer(const cache_lease& lease, const cache_answer& found);
  void compute(const cache_lease& lease);
  void give_up(const cache_lease& lease, const run_result& failed);
  void refresh(const cache_lease& lease);
  /// Runs the tool; a result goes into the cache.
  void run_for(const cache_lease& lease, then on_end);

  executor_actor::pointer self_;
  executor_options options_;
  dispatcher_actor dispatcher_;
  std::unordered_map<std::string, duration> usual_time_;        // latest run, by pure tool
  std::unordered_map<std::string, std::string> tool_versions_;  // by tool, for cache keys
  std::unordered_map<std::uint64_t, std::shared_ptr<tool_run>> waiting_;
  std::uint64_t last_run_ = 0;
  std::shared_ptr<executor_activity> activity_ = std::make_shared<executor_activity>();
};

}  // namespace libagent::actors
