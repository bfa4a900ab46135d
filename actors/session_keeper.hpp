#pragma once

/// The thread of the session store: many sessions' writes in one commit.

#include "actors/protocol/interfaces.hpp"
#include "libagent/base/time.hpp"
#include "libagent/ports/session_store.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace libagent::actors {

struct session_keeper_options {
  session_store_ptr store;  ///< Never null; nobody else uses it.
  /// Sessions without an open turn go when they have not changed for so long.
  std::chrono::milliseconds retention = std::chrono::hours{24 * 30};
  std::chrono::milliseconds prune_interval = std::chrono::minutes{10};
  std::size_t group_max = 256;  ///< Messages that share one commit.
  std::function<unix_millis()> unix_time;
  /// Called once, on its thread; may change that thread's priority.
  std::function<void()> on_thread_start = [] {};
};

/// **Messages**, from sessions, their registry and the model gateway:
/// - `commit, writes` -> nothing, once they are on the disk. Those that wait at the same time share
///   one commit; each has its own outcome. Errors: those of `session_store::commit`.
/// - `lookup, name` -> the session, with all that was sent to be committed before; errors:
///   `not_found`, those of `session_store::load`.
/// - `lookup, approval` -> the session in which it waits; errors: `not_found`.
/// - `lookup, day` -> what was spent on that day, counted from 1970, with all that was sent before.
/// - `list, query` -> heads, the latest changed first.
/// - `status` -> counters.
///
/// **Mailbox**: bounded by its users, who wait for each answer. **Timers**: none; it removes old
/// sessions some at a time after commits, when nothing else waits. **Failure**: what was not
/// acknowledged may or may not be stored; sessions load and go on from there. On an ordinary end
/// it stores what it was sent before. Run it detached, at
/// normal priority: it waits for the disk.
class session_keeper_state {
public:
  static inline const char* name = "libagent.session_keeper";

  session_keeper_state(session_keeper_actor::pointer self, session_keeper_options options);

  [[nodiscard]] session_keeper_actor::behavior_type make_behavior();

private:
  /// Writes that wait for the next commit, and who is told.
  struct waiting_commit {
    session_commit what;
    caf::typed_response_promise<void> answer;
  };

  [[nodiscard]] caf::result<void> enqueue(session_commit what);
  [[nodiscard]] caf::result<stored_session> load(const session_name& which);
  [[nodiscard]] caf::result<session_name> find_approval(const std::string& approval);
  [[nodiscard]] caf::result<spending_of_day> spending(std::int64_t day);
  [[nodiscard]] caf::result<std::vector<session_head>> list(const session_query& query);
  [[nodiscard]] bool has_waiting(const session_name& which) const;
  void wake_soon();
  void wake();
  void commit_waiting();
  void commit_group(std::span<waiting_commit> group);
  void note_health(const expected<void>& done);
  void prune_some();

  session_keeper_actor::pointer self_;
  session_keeper_options options_;
  std::vector<waiting_commit> waiting_;
  time_point pruned_;
  bool wakes_ = false;  // a wake message is under way
  bool fails_ = false;  // the last commit did, for all
};

using session_keeper_impl = session_keeper_actor::stateful_impl<session_keeper_state>;

}  // namespace libagent::actors
