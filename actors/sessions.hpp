#pragma once

#include "actors/agent_session.hpp"
#include "libagent/session/session_residents.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace libagent::actors {

struct sessions_options {
  agent_world_ptr world;  ///< Never null; others come with `reload`.
  std::shared_ptr<const session_surroundings> around;
  resident_limits limits;
};

/// Finds the actor of each conversation, revives those that are only stored, and lets those go
/// that nobody uses.
///
/// **Messages**
/// - `turn, turn_request, observer`: one turn. The observer hears of everything, also why it was
///   refused: `not_found` (no such agent), `invalid_argument`, `overloaded` (too many turns),
///   `already_exists` (a turn of this session is under way).
/// - `cancel, session, why`: ends its turn. Errors: `not_found` when none is under way.
/// - `watch, session, observer`: hears of the turn that is under way from now on, else of how the
///   latest ended.
/// - `lookup, session`; `list, query`; `erase, session` (errors: `already_exists` while a turn is
///   under way).
/// - `approve, id, decision`: errors: `not_found`, also for somebody else's.
/// - `reload, world`: turns that begin from now on see this one.
/// - `pressure`: from high on, everything idle is left to the store.
/// **Store**: when its keeper is there, anew after a restart too, turns that it knows as open and
/// that nobody works on go on.
/// **Failure**: its sessions end with it; what is stored is revived when somebody asks, turns that
/// were open at once.
/// **Mailbox**: bounded by the doors' limits on connections.
class sessions_state {
public:
  sessions_state(sessions_actor::pointer self, sessions_options options);
  sessions_state(const sessions_state&) = delete;
  sessions_state& operator=(const sessions_state&) = delete;
  ~sessions_state();

  [[nodiscard]] sessions_actor::behavior_type make_behavior();

  static inline const char* name = "libagent.sessions";

private:
  struct resident {
    agent_session_actor actor;
    session_name name;
  };

  void turn(turn_request& request, const turn_observer_ref& listener);
  [[nodiscard]] std::optional<error> check(const turn_request& request) const;
  void note_turn(std::uint64_t number, const turn_request& request);
  [[nodiscard]] resident& find_or_revive(const session_name& who);
  [[nodiscard]] resident* find_resident(const session_name& who);
  resident& spawn(const session_name& who);
  void lost(const caf::down_msg& down);
  void let_go(std::uint64_t number);
  void meet_keeper();
  void go_on_with_open_turns(const session_keeper_actor& store);
  void look_after();

  [[nodiscard]] time_point now() const { return self_->clock().now(); }

  [[nodiscard]] caf::result<void> cancel(const session_name& who, const std::string& why);
  [[nodiscard]] caf::result<session_view> look_up(const session_name& who);
  [[nodiscard]] caf::result<std::vector<session_head>> list(const session_query& query);
  [[nodiscard]] caf::result<void> erase(const session_name& who);
  [[nodiscard]] caf::result<session_name> approve(const std::string& id,
                                                  const approval_decision& decision);
  [[nodiscard]] session_keeper_actor keeper() const;

  sessions_actor::pointer self_;
  sessions_options options_;
  session_residents residents_;
  std::unordered_map<std::uint64_t, resident> by_number_;
  std::map<session_name, std::uint64_t> by_name_;
  std::map<caf::actor_addr, std::uint64_t> by_address_;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_touched_ = 0;  ///< Number of the session found or spawned last.
  sessions_status counts_;
  caf::actor_addr keeper_;  ///< The one whose open turns go on; null: there is none now.
};

using sessions_impl = sessions_actor::stateful_impl<sessions_state>;

}  // namespace libagent::actors
