#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/tasks/fair_queue.hpp"
#include "libagent/tasks/journal_write.hpp"
#include "libagent/tasks/refusal.hpp"
#include "libagent/tasks/task_entry.hpp"
#include "libagent/tasks/task_limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace libagent {

/// What a lane has seen and holds now.
struct lane_counters {
  std::size_t queued = 0;
  std::size_t queued_bytes = 0;
  std::size_t running = 0;
  std::uint64_t accepted = 0;
  std::array<std::uint64_t, refusal_reasons> refused{};  ///< By `refusal_reason`.
  std::size_t parked = 0;                                ///< Of the queued ones.
};

/// How tasks ended, and what was odd on the way.
struct outcome_counters {
  /// Indexed by `task_state`; only the terminal ones count.
  std::array<std::uint64_t, 7> ended{};
  std::uint64_t retried = 0;           ///< Attempts begun again after an executor was lost.
  std::uint64_t late = 0;              ///< Answers refused because their attempt was over.
  std::uint64_t preempted = 0;         ///< Set back to save memory.
  std::uint64_t ended_for_memory = 0;  ///< Ended to save memory.
};

/// The records of all tasks, their queues, deadlines and retention.
///
/// A task goes queued -> running -> succeeded | failed | cancelled | expired | dead, and back from
/// running to queued when its executor was lost. A task ends exactly once; (id, attempt)
/// is the fencing token, so an answer of an attempt that is over is refused and counted.
/// Every operation is O(1) but for the deadline heap's O(log n). Entries keep their address until
/// they are forgotten. Thread safety: none; the dispatcher owns it.
class task_table {
public:
  /// Gives 64 random bits per call, for the ids.
  using random_source = std::function<std::uint64_t()>;

  task_table(task_limits limits, random_source random);

  /// Whether an order keeps the bounds: of time, of size, of its lane's queue, and of its client's
  /// part of that. A client may have waiting `client_share` times what is still free (dynamic
  /// thresholds of Choudhury and Hahne, 1998), so that one cannot shut the others out.
  [[nodiscard]] std::optional<refusal> check(const task_order& order) const;

  /// Admits a task, which was checked, to its queue.
  task_entry& accept(task_order order, const instant& now);

  /// Brings back a task that has not ended, to its queue; `order` is what its request resolves to
  /// now. Its deadline is counted from the wall clock.
  /// @pre no task has its id.
  task_entry& restore(const stored_task& stored, task_order order, const instant& now);

  /// Forgets a task that waits, as if it had never been accepted.
  void retract(task_entry& entry);

  void count_refusal(lane refused_lane, refusal_reason reason) {
    ++lane_of(refused_lane).refused[static_cast<std::size_t>(reason)];
  }

  /// The next task to start for `route`: interactive before batch, then the most critical, then
  /// fairly between clients. Null: none.
  [[nodiscard]] task_entry* next_queued(route_id route, bool with_batch) const;

  /// What waits in one lane of a route.
  [[nodiscard]] const fair_queue& queue_of(route_id route, lane which);

  /// Puts a queued task aside until memory is there. It stays queued for all who look.
  void park(task_entry& entry);
  /// The estimated time of what a route has parked.
  [[nodiscard]] duration parked_cost(route_id route) const;
  /// Puts parked tasks back in front of their queues; returns whether there were any.
  bool unpark_all();

  /// A running task was stopped to save memory: queued again in front, not counted as an attempt.
  void set_back(task_entry& entry, const instant& now);

  /// running -> queued, but not to be started before `delay` has passed.
  void delay(task_entry& entry, duration delay, const instant& now);
  /// Puts the delayed tasks whose time has come into their queues. Returns them.
  std::vector<task_entry*> take_delayed(time_point now);
  /// When that has work next; empty when nothing is delayed.
  [[nodiscard]] std::optional<time_point> next_delayed() const;

  /// running -> queued, until its children have ended.
  void wait_for_children(task_entry& entry, const instant& now);
  /// A task whose children have ended: in front of its queue.
  void resume(task_entry& entry, const instant& now);

  /// running -> queued, in front; the attempt counts.
  void requeue(task_entry& entry, const instant& now);

  /// queued -> running; counts the attempt.
  void start(task_entry& entry, const instant& now);

  /// running -> queued, in front, as if it had not been started: the attempt is not counted.
  void give_back(task_entry& entry, const instant& now);

  /// It took its executor or its process down: queued again in front, or dead, with the code of
  /// `why`, when it may not be or has done so too often. Returns whether it is queued again.
  bool lose(task_entry& entry, const error& why, const instant& now);

  /// The running entry that attempt belongs to; null, and counted as late, when it is over.
  [[nodiscard]] task_entry* running_attempt(const task_id& id, std::uint32_t attempt);

  /// Notes how far a running task is. Never goes back. Returns whether anything changed.
  bool progress(task_entry& entry, task_progress reported);

  /// Ends a live task with a result, or with a failure: `deadline_exceeded` means expired,
  /// `cancelled` cancelled, the rest failed.
  void end(task_entry& entry, expected<std::string> outcome, const instant& now);
  /// Ends a live task as `dead`.
  void end_dead(task_entry& entry, error why, const instant& now);

  /// The live task whose deadline comes first; null when nothing is live.
  [[nodiscard]] task_entry* first_deadline() const { return deadlines_.top(); }

  /// Drops brief tasks that have ended, and ended records past the limits of count, bytes and age;
  /// not those that are still to be journalled.
  void forget_old(time_point now);
  /// Drops one ended record.
  void forget(task_entry& entry);

  [[nodiscard]] task_entry* find(const task_id& id);
  /// Running tasks, then waiting ones, then ended ones from the newest on; at most `max`.
  [[nodiscard]] std::vector<const task_entry*> list(std::size_t max) const;
  /// The tasks waiting in `route`.
  [[nodiscard]] std::vector<task_entry*> queued_of(route_id route) const;

  /// How many milliseconds the oldest waiting task of a lane has waited; 0: none waits.
  [[nodiscard]] std::uint64_t oldest_wait(lane which, time_point now) const;

  [[nodiscard]] const task_list& running() const { return running_; }

  /// Whether something waits that `is_meant`. O(waiting).
  [[nodiscard]] bool any_queued(const std::function<bool(const task_entry&)>& is_meant) const;

  /// 64 random bits.
  [[nodiscard]] std::uint64_t draw() { return random_(); }

  [[nodiscard]] const task_limits& limits() const { return limits_; }

  [[nodiscard]] const lane_counters& counters(lane which) const {
    return lanes_[static_cast<std::size_t>(which)];
  }

  [[nodiscard]] const outcome_counters& outcomes() const { return outcomes_; }

  void count_ended_for_memory() { ++outcomes_.ended_for_memory; }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  [[nodiscard]] std::size_t live() const { return deadlines_.size(); }

private:
  struct route_queues {
    explicit route_queues(const client_weights* weights)
        : by_lane{fair_queue{weights}, fair_queue{weights}} {}

    std::array<fair_queue, 2> by_lane;
  };

  [[nodiscard]] std::optional<refusal> check_queue(const task_order& order) const;
  [[nodiscard]] route_queues& queues_of(route_id route);
  void fill(task_entry& entry, task_order order);
  void leave_place(task_entry& entry);
  void leave_parked(task_entry& entry);
  void add_to_queue(task_entry& entry, bool in_front);
  [[nodiscard]] fair_queue& queue_for(const task_entry& entry);
  [[nodiscard]] task_id new_id(const instant& now);
  void enqueue(task_entry& entry, bool in_front);
  void note_queued(const task_entry& entry);
  void leave_queue(task_entry& entry, bool to_start);
  void stop_run(task_entry& entry, const instant& now);
  void finish(task_entry& entry, task_state state, const instant& now);

  [[nodiscard]] task_list& ended_of(const task_entry& entry) {
    return entry.is_brief ? ended_briefs_ : ended_;
  }

  [[nodiscard]] lane_counters& lane_of(lane which) {
    return lanes_[static_cast<std::size_t>(which)];
  }

  [[nodiscard]] lane_counters& lane_of(const task_entry& entry) {
    return lane_of(entry.record.task_lane);
  }

  task_limits limits_;
  random_source random_;
  std::unordered_map<task_id, task_entry> entries_;
  std::deque<route_queues> queues_;  // By route.
  task_list parked_;
  task_list parents_;  // Those that wait for their children.
  std::multimap<time_point, task_entry*> delayed_;
  std::unordered_map<route_id, duration> parked_cost_;
  std::array<std::unordered_map<std::string, std::size_t>, 2> waiting_by_client_;  // By lane.
  task_list running_;
  task_list ended_;  // Oldest first.
  task_list ended_briefs_;
  std::size_t ended_bytes_ = 0;
  deadline_heap deadlines_;  // The queued and the running ones.
  std::array<lane_counters, 2> lanes_{};
  outcome_counters outcomes_;
};

}  // namespace libagent
