#pragma once

/// Writes to the journal, so that nobody else waits for a disk.

#include "actors/protocol/interfaces.hpp"
#include "libagent/ports/journal_access.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <set>

namespace libagent::actors {

struct journal_actor_options {
  journal_access_ptr access;  ///< Never null.
  journal_sync sync = journal_sync::group;
  std::chrono::milliseconds sync_interval{100};  ///< For `journal_sync::interval`.
  std::chrono::milliseconds prune_interval = std::chrono::seconds{10};
  std::function<unix_millis()> unix_time;
  /// Called once, on its thread; may change that thread's priority.
  std::function<void()> on_thread_start = [] {};
};

/// **Messages**, all from the dispatcher but `status`:
/// - `commit, batch` -> nothing, once it is committed; errors: those of `journal_access::commit`.
/// - `lookup, id` -> the task; errors: `not_found`.
/// - `list, query` -> the newest records, without results.
/// - `status` -> counters.
///
/// **Mailbox**: one commit at a time is under way. **Timers**: one after a commit, for the interval
/// policy and for retention; none while nothing happens. **Failure**: the dispatcher is restarted
/// with it and loads what is journalled; what was not committed was not acknowledged either. Run it
/// detached: it waits for the disk.
class journal_state_machine {
public:
  static inline const char* name = "libagent.journal";

  journal_state_machine(journal_actor::pointer self, journal_actor_options options);

  [[nodiscard]] journal_actor::behavior_type make_behavior();

private:
  [[nodiscard]] caf::result<void> commit(const journal_commit& what);
  [[nodiscard]] caf::result<stored_task> lookup(const task_id& id);
  [[nodiscard]] caf::result<std::vector<task_record>> list(const journal_query& query);
  void report_damage(const stored_task& stored);
  void keep_up();
  void look_after();

  journal_actor::pointer self_;
  journal_actor_options options_;
  time_point pruned_;
  std::set<task_id> reported_;  ///< Damaged tasks, each reported once.
  bool must_sync_ = false;
  bool timer_runs_ = false;
};

using journal_impl = journal_actor::stateful_impl<journal_state_machine>;

}  // namespace libagent::actors
