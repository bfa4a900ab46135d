#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/memory/ladder.hpp"
#include "libagent/memory/memory_ledger.hpp"
#include "libagent/memory/pressure.hpp"
#include "libagent/tasks/circuit_breaker.hpp"
#include "libagent/tasks/dispatcher_status.hpp"
#include "libagent/tasks/executor_pool.hpp"
#include "libagent/tasks/group_book.hpp"
#include "libagent/tasks/idempotency_keys.hpp"
#include "libagent/tasks/journal_outbox.hpp"
#include "libagent/tasks/power_climb.hpp"
#include "libagent/tasks/retry_budget.hpp"
#include "libagent/tasks/service_times.hpp"
#include "libagent/tasks/stall_book.hpp"
#include "libagent/tasks/task_table.hpp"
#include "libagent/tasks/wait_gate.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace libagent {

/// How a route decides whom to admit. All keep the lane's bounds.
enum class admission_rule : std::uint8_t {
  bounds,      ///< By nothing else.
  queue_wait,  ///< Refuses while its queue stands: for short tasks, whose time limits are far away.
  estimate,    ///< Refuses what would miss its deadline behind what waits already.
};

struct route_rules {
  admission_rule admission = admission_rule::bounds;
  /// Tasks that may run at a time beside what executors take; 0: as many as they take. Memory
  /// pressure lowers it.
  std::uint32_t permits = 0;
  /// Finds by trying how many may run at a time; see `power_climb`.
  bool climbs = false;
  std::string name;  ///< Of its limit, for people.
};

/// What the dispatcher's shell does for its core. Called in the middle of a decision, so an
/// implementation must not call back into the core.
class dispatch_listener {
public:
  dispatch_listener() = default;
  dispatch_listener(const dispatch_listener&) = delete;
  dispatch_listener& operator=(const dispatch_listener&) = delete;

  /// Hand this attempt to the executor. `held` names it; `task` has the arguments.
  virtual void on_start(const task_entry& task, const lease& held) = 0;
  /// The task changed: started, went back to the queue, progressed, or ended (exactly once).
  virtual void on_change(const task_record& record) = 0;
  /// The task ended while `held` still runs. Its stop token was set already; executors that
  /// cannot see the token need a message.
  virtual void on_stop(const lease& held, const task_record& record) = 0;
  /// A durable task that was submitted is journalled now.
  virtual void on_accepted(const task_record& record) = 0;
  /// The change cannot be journalled: what will be found after a restart is not known. Of a task
  /// that was not accepted yet: it will not be found, and is forgotten now.
  virtual void on_unsure(const task_record& record, const error& why) = 0;

protected:
  ~dispatch_listener() = default;
};

/// What is known of how the process ended in which a restored task ran.
struct past_run {
  bool crashed = false;  ///< It was this task that took the process down.
  bool suspect = false;  ///< It may have been.
  std::string report;    ///< For people.
};

/// The children that a task asks for, resolved.
struct child_orders {
  std::vector<task_order> orders;
  group_rule rule = group_rule::all;
  raw_json saved;
};

/// Decides everything the dispatcher decides: who runs what, when, and how it ends.
///
/// Tasks wait in routes. An executor serves one or more routes. Every accepted task ends exactly
/// once, whatever happens to executors: answered, cancelled, expired, or dead.
///
/// With a journal, changes of durable tasks are written to its outbox. A run is handed out, and a
/// change told, when it is committed; so what anybody was told is true after a crash, too.
/// Thread safety: none. Cost: O(1) per call but for the deadline heap and the number of starts.
class dispatch_core {
public:
  /// `ledger`: where tasks that declare how much memory they take reserve it; null: nowhere.
  /// `outbox`: where changes of durable tasks are written; null: no task is durable. Both must
  /// outlive the core.
  dispatch_core(const task_limits& limits, task_table::random_source random,
                dispatch_listener& listener, memory_ledger* ledger = nullptr,
                journal_outbox* outbox = nullptr);

  // Who runs.

  [[nodiscard]] route_id add_route(route_rules rules = {});
  /// An executor that is given at most `credit` tasks at a time; it serves no route yet. `node` is
  /// the node it stands for, empty for this one.
  executor_id add_executor(std::uint32_t credit, std::string node = {});
  /// Takes tasks of `route` from now on.
  void serve(executor_id executor, route_id route, const instant& now);
  /// Takes none any more; what it has of them stays.
  void stop_serving(executor_id executor, route_id route);
  /// The executor is gone. It had begun the leases up to the sequence number `begun`: these count
  /// as attempts and their tasks are run again or end; the others were never touched.
  void lose_executor(executor_id executor, std::uint64_t begun, const error& why,
                     const instant& now);
  /// The executor is there, but lost this one attempt.
  void lose_attempt(const task_id& id, std::uint32_t attempt, const error& why, const instant& now);
  void set_available(executor_id executor, bool available, const instant& now);

  [[nodiscard]] std::size_t servers(route_id route) const {
    return routes_.at(route).servers.size();
  }

  // Tasks.

  /// Admits a task, but starts nothing: register who wants to hear of it, then call `pump`.
  ///
  /// A durable task is accepted for good when it is journalled, which the listener is told; others
  /// are at once (see `is_safe`).
  /// Errors: `invalid_argument`, `too_large`; `unavailable` while draining, and when the journal
  /// cannot be written; `overloaded` and `rate_limited` with the time after which trying again
  /// makes sense.
  [[nodiscard]] expected<const task_record*> submit(task_order order, const instant& now);
  /// Whether an order's idempotency key was used before, and for what.
  [[nodiscard]] key_finding find_key(const task_order& order, const instant& now);

  /// Whether everything that happened to a task so far is journalled, or need not be.
  [[nodiscard]] static bool is_safe(const task_entry& entry) {
    return entry.unwritten == 0 && !entry.is_unsure;
  }

  /// Starts what can be started of `route`.
  void pump(route_id route, const instant& now);
  void pump_all(const instant& now);
  /// The same for the route of a task; nothing when there is no such task.
  void pump_task(const task_id& id, const instant& now);
  /// An executor's answer. Refused, and counted, when that attempt is over.
  /// `ran` is how long the tool itself took, where that was measured.
  void complete(const task_id& id, std::uint32_t attempt, expected<std::string> outcome,
                const instant& now, std::optional<duration> ran = std::nullopt);
  /// Instead of an answer: the attempt waits for children, and its task is run again with what they
  /// come to. Meanwhile it holds nothing. Children inherit the deadline, level, client and trace,
  /// and end with their parent.
  void start_group(const task_id& id, std::uint32_t attempt, child_orders children,
                   const instant& now);
  /// The executor could not even begin: the attempt is not counted, and the executor is given
  /// nothing more until it is set available again.
  void give_back(const task_id& id, std::uint32_t attempt, const instant& now);
  void progress(const task_id& id, std::uint32_t attempt, task_progress reported);
  /// How the cache served this attempt; to be said before its end.
  void note_cache_use(const task_id& id, std::uint32_t attempt, cache_use use);
  /// Ends a live task as cancelled at once; its executor is free again only when it answers.
  /// Returns the record, also when the task had ended before. Errors: `not_found`.
  [[nodiscard]] expected<const task_record*> cancel(const task_id& id, const std::string& reason,
                                                    const instant& now);
  /// Ends every task whose deadline has come, and starts those whose pause is over.
  void expire(const instant& now);
  /// Ends every task that waits in `route`: nobody will serve it.
  void fail_queued(route_id route, const error& why, const instant& now);
  /// When `expire` has work next; empty when nothing is live.
  [[nodiscard]] std::optional<time_point> next_deadline() const;

  // The journal.

  /// Brings back a task that the journal holds. A run in it belongs to a process that is gone.
  /// `order`: what its request resolves to now, or why it cannot be run any more.
  void restore(const stored_task& stored, expected<task_order> order, const past_run& past,
               const instant& now);
  void restore_key(const journal_key& used);
  /// Once all tasks are back: what this one waits for. `ended_children`: those that the journal
  /// holds.
  void restore_group(const stored_task& parent,
                     const std::vector<const stored_task*>& ended_children, const instant& now);
  /// An ended task is to be run again, with its time limit from now on. Errors: `invalid_argument`
  /// when it has not ended or must not run twice; `unavailable` while its last run goes on.
  [[nodiscard]] expected<const task_record*> revive(const stored_task& stored, task_order order,
                                                    const instant& now);
  /// Removes an ended task from the journal, too. `then`: as in `journal_outbox`. Errors:
  /// `invalid_argument` when it has not ended.
  [[nodiscard]] expected<void> purge(const task_id& id, journal_outbox::effect then);
  /// A batch of the outbox was committed, or was not.
  void journal_committed(std::uint64_t number, const instant& now);
  void journal_failed(std::uint64_t number, const error& why, const instant& now);
  /// Whether durable tasks can be accepted and started.
  [[nodiscard]] bool journal_works() const;
  /// Stops what runs and leaves durable tasks to the journal, for the next start; others end.
  /// Nothing is started any more.
  void suspend(const instant& now);

  // The whole.

  /// high: sheddable tasks are refused and half of the batch permits are left. critical: batch
  /// tasks are refused, one at a time runs, and the youngest others are set back one by one.
  /// emergency: the largest is ended.
  void set_pressure(pressure_level level, const instant& now);

  /// What pressure asks for as time passes, and another try for tasks that wait for memory. To be
  /// called a few times a second while `needs_relief`.
  void relieve(const instant& now);
  [[nodiscard]] bool needs_relief() const;

  /// Notes how long a run held a handler; see `stall_book`.
  stall_verdict note_hold(const std::string& tool, duration held);

  [[nodiscard]] const stall_book& stalls() const { return stalls_; }

  /// Nothing new is admitted from now on; what is there goes on.
  /// Durable tasks that have not begun wait for the next start.
  void drain() { draining_ = true; }

  [[nodiscard]] bool draining() const { return draining_; }

  /// While draining: nothing runs, and what waits is journalled.
  [[nodiscard]] bool idle() const;

  [[nodiscard]] task_table& table() { return table_; }

  [[nodiscard]] const task_table& table() const { return table_; }

  [[nodiscard]] const executor_pool& pool() const { return pool_; }

  /// Without the number of executors per lane, which only the shell knows.
  [[nodiscard]] dispatcher_status status(time_point now);

private:
  /// What an executor is there for.
  struct service {
    std::vector<route_id> routes;
    std::string node;
  };

  struct route_state {
    route_rules rules;
    std::vector<executor_id> servers;
    std::optional<wait_gate> gate;
    std::optional<power_climb> climb;
    std::uint32_t running = 0;
    duration running_cost{};  // Estimated, of the running ones.
    duration mean_run{};      // Of recent runs of whatever tool.
  };

  [[nodiscard]] std::optional<refusal> find_refusal(const task_order& order,
                                                    const std::optional<service_estimate>& estimate,
                                                    const instant& now);
  [[nodiscard]] std::optional<refusal> refuse_for_journal(const task_order& order,
                                                          const instant& now);
  [[nodiscard]] std::optional<refusal> refuse_for_memory(const task_order& order) const;
  [[nodiscard]] std::optional<refusal> refuse_by_wait(const task_order& order, time_point now);
  [[nodiscard]] std::optional<refusal> refuse_by_estimate(
      const task_order& order, const std::optional<service_estimate>& estimate);
  [[nodiscard]] std::uint32_t permits(const route_state& route) const;
  [[nodiscard]] bool starts_batch(const route_state& route) const;
  [[nodiscard]] bool is_guessed(const route_state& route, std::uint64_t declared_bytes) const;
  [[nodiscard]] bool reserve_for(const task_entry& entry, std::shared_ptr<void>& hold);
  [[nodiscard]] std::size_t capacity_for(const task_order& order) const;
  [[nodiscard]] std::optional<error> too_late(const task_entry& entry, time_point now) const;
  void conclude(task_entry& entry, expected<std::string> outcome, const instant& now);
  void note_run(const task_entry& entry, route_id route, duration ran);
  void release(const lease& over, bool useful, time_point now);
  void set_back_youngest(const instant& now);
  void end_largest(const instant& now);
  /// The best of the running batch tasks that are meant; null when there is none.
  [[nodiscard]] task_entry* running_batch(
      const std::function<bool(const task_entry&)>& is_meant,
      const std::function<bool(const task_entry&, const task_entry&)>& is_better) const;

  void start(task_entry& entry, executor_id executor, std::shared_ptr<void> hold,
             const instant& now);
  [[nodiscard]] bool is_journalled(const task_entry& entry) const;
  [[nodiscard]] bool must_wait(const task_entry& entry) const;
  [[nodiscard]] bool hold_back(task_entry& entry, const instant& now);
  [[nodiscard]] journal_state state_of(const task_entry& entry) const;
  void write_acceptance(task_entry& entry, bool refusable);
  void accepted(const task_id& id, const error* failure);
  /// Tells of a change, once it is journalled.
  void tell(task_entry& entry, const instant& now);
  void told(const task_id& id, const error* failure);
  void hand_out(task_entry& entry, lease& held);
  void begin(const task_id& id, std::uint64_t lease_number, const error* failure);
  /// Takes a lease back that was not handed out.
  void take_back(task_entry& entry, const instant& now);
  void retract(task_entry& entry);
  [[nodiscard]] bool try_again(task_entry& entry, const error& why, const instant& now);
  void crash(task_entry& entry, const error& why, const instant& now);
  [[nodiscard]] expected<void> adopt(task_entry& parent, child_orders& children,
                                     const instant& now);
  static void inherit(task_order& child, const task_entry& parent, const instant& now);
  void note_end(const task_entry& entry, const instant& now);
  void cancel_all(const std::vector<task_id>& tasks, const std::string& reason, const instant& now);
  void apply(group_verdict& verdict, const instant& now);
  void report_ended_children(const task_id& parent, const std::vector<const stored_task*>& ended,
                             const instant& now);
  void void_run(task_entry& entry, const past_run& past, const instant& now);
  void lose_lease(const lease& lost, std::uint64_t begun, const error& why, const instant& now);
  void stop_runs(const instant& now);
  void end_waiting(const instant& now);
  void stop_running(task_entry& entry, error why, const instant& now);
  void pump_served_by(executor_id executor, const instant& now);

  task_table table_;
  executor_pool pool_;
  dispatch_listener& listener_;
  memory_ledger* ledger_;
  std::vector<route_state> routes_;
  service_times times_;
  stall_book stalls_;
  ladder_pace pace_;
  std::map<executor_id, service> services_;
  circuit_breaker breaker_;
  journal_outbox* outbox_;
  idempotency_keys keys_;
  group_book groups_;
  retry_budget budget_;
  instant effects_at_;  // The time of the commit whose effects are under way.
  pressure_level pressure_ = pressure_level::normal;
  bool draining_ = false;
  bool suspended_ = false;
};

}  // namespace libagent
