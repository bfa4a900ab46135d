#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"
#include "libagent/base/units.hpp"
#include "libagent/tasks/cron.hpp"
#include "libagent/tasks/name_hash.hpp"
#include "libagent/tasks/schedule.hpp"
#include "libagent/tasks/schedule_request.hpp"
#include "libagent/tasks/task_entry.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace libagent {

struct schedule_limits {
  std::size_t count_max = 10'000;
  byte_size bytes_max = mebibytes(64);  ///< Of all that the schedules say.
  std::size_t due_max = 64;             ///< Runs that are given out at a time.
};

/// One run of a schedule that is due, to be submitted in one commit with the changed schedule.
struct due_run {
  /// The schedule's, with an idempotency key of this run only (`schedule:ID:SLOT:NUMBER`, the slot
  /// in Unix ms), and durable. The number tells apart what a clock that was set back brings twice.
  task_request request;
  schedule changed;      ///< After this run; `last_task` is still that of the run before.
  unix_millis slot = 0;  ///< The time that it was due at.
  bool is_over = false;  ///< That was its last run: the schedule is no more.
};

/// Holds the schedules and says when each is due.
///
/// - Times that were missed, because the process did not run or the wall clock jumped forward, run
///   once in all, not once each; a one-shot that was missed runs.
/// - A cron schedule that finds the wall clock set back counts anew from there: it does not wait
///   until the clock is again where it was. Up to a minute back it does wait, so that a small
///   correction just after a run does not bring the same run again.
/// - `at` keeps its wall-clock time, whatever the clock does.
/// - `after` is measured by the steady clock while the process lives. Over a restart the wall-clock
///   time counts that it had come to.
///
/// `add`, `remove` and each due run are O(log n). Thread safety: none.
class schedule_book {
public:
  /// Gives 64 random bits per call, for the ids.
  using random_source = std::function<std::uint64_t()>;

  schedule_book(const schedule_limits& limits, random_source random);

  /// Errors: `invalid_argument`, naming the field; `already_exists` for a name that is taken;
  /// `overloaded` when there is no room. The pointer is valid until the schedule is removed.
  [[nodiscard]] expected<const schedule*> add(schedule_request asked, const instant& now);

  /// Takes a schedule from a journal, also past the limits. Errors: `corrupt` for one that could
  /// not have been stored; `already_exists` for an id that is here.
  [[nodiscard]] expected<void> restore(schedule stored, const instant& now);

  /// Returns whether it was there.
  bool remove(const task_id& id);

  /// Null: there is none.
  [[nodiscard]] const schedule* find(const task_id& id) const;
  [[nodiscard]] const schedule* find_named(std::string_view name) const;
  /// All, the oldest id first.
  [[nodiscard]] std::vector<const schedule*> list() const;

  /// Sees jumps of the wall clock; to be called often, and before `take_due`. Returns the schedules
  /// whose `next_due` moved, to be journalled.
  [[nodiscard]] std::vector<const schedule*> note_clock(const instant& now);

  /// What is due, at most `due_max`; the rest comes at the next calls.
  [[nodiscard]] std::vector<due_run> take_due(const instant& now);

  /// A run could not be submitted: the schedule is as before it, and due again at `not_before`.
  void run_later(const due_run& run, time_point not_before);

  /// Notes the task that a run became.
  void note_task(const task_id& id, const task_id& task);

  /// When to call `take_due` next; empty: nothing is scheduled. At most an hour ahead for times of
  /// the wall clock, which may be set meanwhile.
  [[nodiscard]] std::optional<time_point> next_due(const instant& now) const;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
  struct entry {
    schedule what;
    std::optional<cron_expression> cron;
    std::optional<time_point> steady_due;  ///< Set: this counts, not `what.next_due`.
    bool is_delay = false;                 ///< Of `after`, so that `next_due` follows `steady_due`.
  };

  [[nodiscard]] expected<void> check(const schedule_request& asked, const instant& now) const;
  [[nodiscard]] expected<void> check_room(const schedule_request& asked) const;
  [[nodiscard]] task_id new_id(unix_millis now);
  const schedule* insert(entry added);
  void enqueue(const entry& waiting);
  void dequeue(const entry& waiting);
  [[nodiscard]] entry* first_due(const instant& now);
  [[nodiscard]] due_run run(entry& due, unix_millis now);
  bool recount(entry& counted, unix_millis now);
  void follow_delays(const instant& now, std::vector<const schedule*>& changed);

  schedule_limits limits_;
  random_source random_;
  std::unordered_map<task_id, entry> entries_;
  name_table<task_id> names_;
  std::size_t bytes_ = 0;
  // Each entry is in one of these.
  std::set<std::pair<unix_millis, task_id>> by_wall_;
  std::set<std::pair<time_point, task_id>> by_steady_;
  std::optional<instant> last_noted_;
  unix_millis latest_wall_ = 0;  // Since the wall clock was last set back.
};

}  // namespace libagent
