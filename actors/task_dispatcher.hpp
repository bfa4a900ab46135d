#pragma once

/// Admits tasks, queues them, gives them to executors, agents and other nodes, and tracks them
/// until they end.

#include "actors/bridge/wall_clock.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/task_interests.hpp"
#include "libagent/ports/journal_access.hpp"
#include "libagent/tasks/dispatch_core.hpp"
#include "libagent/tasks/past_runs.hpp"
#include "libagent/tasks/schedule_book.hpp"
#include "libagent/tools/task_resolver.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace libagent::actors {

struct dispatcher_options {
  std::vector<std::shared_ptr<tool>> tools;
  std::vector<agent_info> agents;    ///< Written in C++; each is looked for at `agents/NAME`.
  std::vector<agent_info> declared;  ///< Answered for by sessions; others come with `reload`.
  task_limits limits;
  /// CPU-bound batch tasks that may run at a time; 0: as many as there are workers.
  std::uint32_t batch_permits = 0;
  std::shared_ptr<memory_ledger> ledger;  ///< Null: no task waits for memory.
  std::uint32_t agent_credit = 32;        ///< Questions that one agent is given at a time.
  std::uint32_t node_credit = 64;         ///< Tasks that another node is given at a time.
  journal_access_ptr journal;             ///< Null: no task survives this process.
  /// How earlier processes went down, for the tasks that the journal says they ran.
  std::vector<past_crash> crashes;
  /// The same tool in a process of its own, for a run that may crash; null, or empty: not possible.
  std::function<std::shared_ptr<tool>(const std::string& name)> apart;
  std::size_t list_max = 1'000;  ///< Records in a listing.
  std::function<unix_millis()> unix_time = system_unix_time;
  /// Called once, on its thread; may change that thread's priority.
  std::function<void()> on_thread_start = [] {};
  /// For task ids; empty: seeded from the machine's random device.
  task_table::random_source random;
};

/// **Messages**, from askers:
/// - `submit, request` -> the accepted record. Errors: `not_found` (target), `invalid_argument`,
///   `too_large`, `overloaded`, `unavailable` (draining).
/// - `submit, request, observer`: the same for threads outside: send it anonymously; the observer
///   hears `accepted`, everything after it, or the refusal.
/// - `run, request` -> the terminal record. Errors: as submit. A task that fails is an answer.
/// - `watch, id, observer` -> the observer hears the present state at once and every change.
/// - `lookup, id`, `cancel, id, reason` -> the record. A running task is cancelled at once for
///   those who wait; its executor is told to stop. Errors: `not_found`.
/// - `list, query` -> the same from the journal, which knows older ones. `lookup` looks there, too.
/// - `retry, id` -> the record of an ended task that is run again. Errors: `not_found` (in the
///   journal), `invalid_argument` (has not ended, or must not run twice).
/// - `purge, id`: forgets an ended task. Errors: `not_found`, `invalid_argument` (has not ended).
/// - `schedule, request` -> the schedule; `list, schedule`; `cancel, schedule, id`.
/// - `list` -> running, waiting, then ended records, newest first, without results; at most
///   `list_max`. `list, ready` -> the tools, those of other nodes included. `status` -> counters.
/// - `drain` -> answers when everything accepted has ended, or is left to the journal and does not
///   run; nothing new is accepted meanwhile. `suspend` -> the same, but does not wait for what
///   runs: it is stopped.
///
/// What is told of a durable task is journalled before: a submit is answered, a run begins, and an
/// end is told after a commit. While the journal cannot be written, durable submits are refused
/// with the cause, and others go on.
///
/// From executors `ready`, `progress`, `done`; from the cluster `peer_up`, `peer_down`, and
/// `progress` and `done` for what it forwarded; from the memory monitor `pressure`.
///
/// Interactive submits, control and answers of executors are to be sent at high priority, batch
/// submits at normal priority: then a backlog of batch mail delays nothing else.
///
/// A run of an inline tool that holds a handler longer than `limits.stalls` says is reported while
/// it runs and when it ended, and a tool that does so often is moved to the batch lane.
///
/// **Mailbox**: CAF's is unbounded; what is admitted is bounded by `limits`, and admission costs a
/// few microseconds, so the mailbox stays short. Run it detached: everybody waits for it.
/// **Timers**: one, and only while a task is live. A task expires at most 5 ms late.
/// **Failure**: a restart loses the tasks that are not durable; the others are loaded from the
/// journal. Observers are destroyed without a terminal record and promises break, so nobody waits
/// in silence. Executors must be restarted with it (rest_for_one).
class task_dispatcher_state : private dispatch_listener {
public:
  static inline const char* name = "libagent.dispatcher";

  task_dispatcher_state(dispatcher_actor::pointer self, dispatcher_options options);

  [[nodiscard]] dispatcher_actor::behavior_type make_behavior();

private:
  void set_up();

  struct local_runner {
    executor_actor who;
    executor_kind kind;
    std::shared_ptr<executor_activity> activity;
    std::uint64_t reported = 0;  ///< The sequence number of a run that was reported as too long.
  };

  struct agent_runner {
    std::string name;
    bool waits_for_restart = false;
  };

  struct node_runner {
    std::string name;
  };

  using runner = std::variant<local_runner, agent_runner, node_runner>;

  struct unstarted {
    task_id id;
    std::uint32_t attempt;
  };

  // What the core asks for.
  void on_start(const task_entry& task, const lease& held) override;
  void on_change(const task_record& record) override;
  void on_stop(const lease& held, const task_record& record) override;
  void on_accepted(const task_record& record) override;
  void on_unsure(const task_record& record, const error& why) override;
  [[nodiscard]] bool start_on(const local_runner& to, const task_entry& task, const lease& held);
  [[nodiscard]] std::shared_ptr<tool> tool_for(const task_entry& task, executor_kind where) const;
  [[nodiscard]] bool start_on(agent_runner& to, const task_entry& task, const lease& held);
  [[nodiscard]] bool ask_session(agent_runner& to, agent_question question, const task_entry& task,
                                 const lease& held);
  [[nodiscard]] bool start_on(const node_runner& to, const task_entry& task, const lease& held);

  // Askers.
  struct admitted {
    task_id id;
    bool is_new = true;
  };

  /// `refusable`: somebody waits for the answer.
  [[nodiscard]] expected<admitted> admit(task_request& request, bool refusable = true);
  [[nodiscard]] bool is_safe(const task_id& id);
  /// Answers with the record of a task that was accepted before, or with its end.
  [[nodiscard]] caf::result<task_record> answer_known(const task_id& id, bool with_its_end);
  [[nodiscard]] caf::result<task_record> look_in_journal(const task_id& id);
  [[nodiscard]] caf::result<task_record> submit(task_request& request);
  [[nodiscard]] caf::result<task_record> run(task_request& request);
  [[nodiscard]] caf::result<void> submit_observed(task_request& request, const observer_ref& who);
  [[nodiscard]] caf::result<void> watch(const task_id& id, const observer_ref& who);
  [[nodiscard]] caf::result<void> watch_ended(const task_id& id, const observer_ref& who);
  [[nodiscard]] caf::result<task_record> lookup(const task_id& id);
  [[nodiscard]] caf::result<task_record> cancel(const task_id& id, const std::string& reason);
  [[nodiscard]] std::vector<task_record> list() const;
  [[nodiscard]] caf::result<std::vector<task_record>> list_kept(const journal_query& query);
  [[nodiscard]] caf::result<task_record> retry(const task_id& id);
  using record_promise = caf::typed_response_promise<task_record>;
  void revive(const stored_task& stored, record_promise answer);
  [[nodiscard]] caf::result<void> purge(const task_id& id);
  [[nodiscard]] dispatcher_status status();
  [[nodiscard]] caf::result<void> drain();
  [[nodiscard]] caf::result<void> suspend();

  // The journal.
  void resume();
  void resume_task(const stored_task& stored);
  void resume_groups(const std::vector<stored_task>& tasks);
  void commit_next();
  void note_trouble(bool worked);

  // Schedules.
  [[nodiscard]] caf::result<schedule> plan(schedule_request& request);
  [[nodiscard]] std::vector<schedule> list_plans() const;
  [[nodiscard]] caf::result<schedule> cancel_plan(const task_id& id);
  void run_schedules();
  void run_planned(due_run& due);
  void keep(journal_write what);

  // Runners.
  void add_local(const executor_offer& offer);
  void lose_local(const caf::down_msg& down);
  void take_outcome(const task_id& id, std::uint32_t attempt, work_outcome& outcome);
  void start_children(const task_id& parent, std::uint32_t attempt, task_group& children);
  void note_hold(const task_id& id, duration held);
  void look_for_stalls();
  void report_stall(local_runner& held, duration since);
  void finish(const task_id& id, std::uint32_t attempt, expected<std::string> outcome,
              std::optional<duration> ran = std::nullopt);
  void agent_failed(const task_id& id, std::uint32_t attempt, executor_id agent,
                    const caf::error& failure);
  void add_node(const node_offer& offer);
  void lose_node(const std::string& node, const std::string& why);
  void watch_cluster(const cluster_actor& cluster);
  void look_for_agents();
  [[nodiscard]] route_id route_of(const resolved_task& task);
  [[nodiscard]] route_id agent_route(const std::string& agent);
  [[nodiscard]] route_id node_route(const std::string& tool_name);
  [[nodiscard]] route_id resource_route(const std::string& resource);

  // Upkeep.
  void wake();
  /// Ends every handler: what a decision left to do, and the timer.
  void settle();
  [[nodiscard]] std::optional<time_point> next_due() const;
  void arm_timer();
  [[nodiscard]] instant now() const;

  dispatcher_actor::pointer self_;
  dispatcher_options options_;
  task_resolver resolver_;
  journal_outbox outbox_;
  dispatch_core core_;
  task_interests interests_;
  route_id handler_route_;
  route_id blocking_route_;
  route_id worker_route_;
  route_id waiter_route_;
  std::map<std::string, route_id> agent_routes_;
  std::map<std::string, route_id> node_routes_;      // By tool.
  std::map<std::string, route_id> resource_routes_;  // Of waiters, in the batch lane.
  std::map<executor_id, runner> runners_;
  std::map<caf::actor_addr, executor_id> local_runners_;
  std::map<std::string, executor_id> nodes_;
  caf::actor_addr cluster_;
  std::vector<unstarted> unstarted_;
  std::vector<caf::typed_response_promise<void>> drains_;
  std::uint64_t epoch_ = 0;  // Of the journal.
  schedule_book schedules_;
  std::optional<time_point> timer_due_;
};

using task_dispatcher_impl = dispatcher_actor::stateful_impl<task_dispatcher_state>;

}  // namespace libagent::actors
