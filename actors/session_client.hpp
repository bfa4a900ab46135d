#pragma once

/// Talks to agents from threads that are not actors: the command line, tests, a host program.

#include "libagent/base/expected.hpp"
#include "libagent/ports/session_store.hpp"
#include "libagent/session/session_view.hpp"
#include "libagent/session/turn.hpp"

#include <caf/actor_system.hpp>

#include <stop_token>
#include <string>
#include <vector>

namespace libagent::actors {

/// Thread safety: any thread, also concurrently. Blocking: all of it waits for an answer. Errors of
/// every call: `unavailable` when the sessions are being restarted.
class session_client {
public:
  /// `system` must outlive the client.
  explicit session_client(caf::actor_system& system) : system_{&system} {}

  /// Runs a turn until its end. `observer`, which may be null, hears of everything before this
  /// returns, from other threads. A stop request cancels the turn, which then ends that way.
  /// Errors: why it was refused.
  [[nodiscard]] expected<turn_result> run(turn_request request, turn_observer_ptr observer = {},
                                          const std::stop_token& stop = {}) const;

  /// As `run`, for the turn of a session that is under way, else for its latest.
  [[nodiscard]] expected<turn_result> follow(const session_name& session,
                                             turn_observer_ptr observer = {},
                                             const std::stop_token& stop = {}) const;

  /// Decides on a tool call that waits; the session it belongs to. Errors: `not_found`.
  [[nodiscard]] expected<session_name> decide(const std::string& approval,
                                              const approval_decision& decision) const;

  /// Errors: `not_found`.
  [[nodiscard]] expected<session_view> look_up(const session_name& session) const;
  /// The latest changed first.
  [[nodiscard]] expected<std::vector<session_head>> list(const session_query& query) const;
  /// Errors: `not_found`, `already_exists` while a turn is under way.
  [[nodiscard]] expected<void> erase(const session_name& session) const;

private:
  caf::actor_system* system_;
};

}  // namespace libagent::actors
