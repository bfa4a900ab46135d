#pragma once

#include "libagent/base/time.hpp"
#include "libagent/session/turn.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace libagent {

/// What a person decided on a tool call.
struct approval_decision {
  bool allowed = false;
  std::string reason;  ///< Told to the model when it was not allowed; may be empty.
  std::string client;  ///< Who decides; only whose session it is may.
};

template <class Inspector>
bool inspect(Inspector& f, approval_decision& x) {
  return record(f, x, "approval_decision", field("allowed", "Whether it may run.", x.allowed),
                field("reason", "Told to the model when not.", x.reason)
                    .max_size(2'048)
                    .fallback(std::string{}));
}

/// A conversation, for whoever looks at it.
struct session_view {
  std::string id;
  std::string agent;
  unix_millis created_at = 0;
  unix_millis changed_at = 0;
  std::uint32_t turns = 0;
  bool resident = false;   ///< In memory; else only on disk.
  bool turn_open = false;  ///< A turn is under way.
  token_usage usage;       ///< Of all turns.
  std::uint64_t cost_micro = 0;
  std::vector<pending_approval> approvals;
  std::vector<chat_message> messages;
};

template <class Inspector>
bool inspect(Inspector& f, session_view& x) {
  return record(f, x, "session_view", field("id", "What its client calls it.", x.id),
                field("agent", "Who answers.", x.agent),
                field("created_at", "Milliseconds since 1970.", x.created_at),
                field("changed_at", "Milliseconds since 1970.", x.changed_at),
                field("turns", "Turns so far.", x.turns),
                field("resident", "Whether it is in memory.", x.resident),
                field("turn_open", "Whether a turn is under way.", x.turn_open),
                field("usage", "Tokens of all turns.", x.usage),
                field("cost_micro", "Cost in millionths.", x.cost_micro),
                field("approvals", "What waits for a person.", x.approvals),
                field("messages", "What was said.", x.messages));
}

/// All sessions together.
struct sessions_status {
  std::uint64_t resident = 0;  ///< In memory now.
  std::uint64_t turns_open = 0;
  std::uint64_t turns = 0;    ///< Since the start.
  std::uint64_t revived = 0;  ///< Looked up in the store, with those that were new.
  std::uint64_t passivated = 0;
};

template <class Inspector>
bool inspect(Inspector& f, sessions_status& x) {
  return record(f, x, "sessions_status", field("resident", "In memory now.", x.resident),
                field("turns_open", "Turns under way.", x.turns_open),
                field("turns", "Turns since the start.", x.turns),
                field("revived", "Looked up in the store, new ones too.", x.revived),
                field("passivated", "Left to the store.", x.passivated));
}

}  // namespace libagent
