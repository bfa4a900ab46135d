#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/conversation_entry.hpp"
#include "libagent/session/session_event.hpp"
#include "libagent/session/session_view.hpp"
#include "libagent/session/token_gauge.hpp"
#include "libagent/session/turn.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What a turn came to so far.
struct turn_facts {
  std::string id;
  std::string key;
  std::string agent;
  std::string model;  ///< Of the latest step.
  finish_reason finish = finish_reason::stop;
  turn_state state = turn_state::answered;  ///< Once it has ended.
  bool found = true;
  std::vector<citation> citations;
  token_usage usage;
  std::uint64_t cost_micro = 0;
  std::uint32_t steps = 0;
  std::uint32_t tool_calls = 0;
  std::size_t first_step = 0;  ///< Entry of its first step, behind the messages it began with.
  std::optional<error> failure;
  std::string cache;

  friend bool operator==(const turn_facts&, const turn_facts&) = default;
};

/// A turn that has not ended.
struct open_turn {
  turn_facts facts;
  turn_terms terms;
  std::chrono::milliseconds time_left{0};  ///< When it last began to wait for a person.

  friend bool operator==(const open_turn&, const open_turn&) = default;
};

/// A conversation as a typed state, folded from its events.
///
/// What a model gets to read pairs each call with a result by construction: there is no way to
/// have one without the other. Thread safety: none, not even for readers alone: see `pack`.
/// Movable.
class conversation {
public:
  conversation() = default;

  /// Errors: `corrupt`, naming the event and what is wrong with it; `unsupported` as
  /// `decode_event`.
  [[nodiscard]] static expected<conversation> replay(std::span<const std::string> events);

  /// Errors: `corrupt` for an event that cannot follow on what was; then nothing has changed.
  [[nodiscard]] expected<void> apply(session_event event);

  /// Whether these messages can go on with the conversation: results of tools answer calls that
  /// were made just before. Errors: `invalid_argument`, naming the message.
  [[nodiscard]] expected<void> check(std::span<const chat_message> messages) const;

  [[nodiscard]] const std::string& agent() const { return agent_; }

  /// Who answers when `asked` is: whoever it has handed this conversation to, unless somebody else
  /// was asked since then.
  [[nodiscard]] const std::string& agent_for(const std::string& asked) const;

  /// Valid until the next call of a member that is not const.
  [[nodiscard]] std::span<const conversation_entry> entries() const { return unpacked(); }

  /// What was said before the entries; empty: nothing.
  [[nodiscard]] const std::string& summary() const { return summary_; }

  /// Null: no turn is open.
  [[nodiscard]] const open_turn* turn() const { return turn_.get(); }

  /// The latest turn that has ended; null: none has.
  [[nodiscard]] const turn_facts* last_turn() const { return last_.get(); }

  /// What the turn with this key came to, when it was the latest that has ended. @pre `key` is not
  /// empty.
  [[nodiscard]] std::optional<turn_result> result_for(std::string_view key) const;

  /// What the open turn, else the latest, has come to. @pre There is one.
  [[nodiscard]] turn_result result() const;

  /// The calls of the open turn's latest step; empty when there are none.
  [[nodiscard]] std::span<const recorded_call> calls() const;

  [[nodiscard]] std::vector<pending_approval> approvals() const;

  /// The key under which a call of the open turn's latest step runs, and the id of its approval.
  [[nodiscard]] std::string call_key(std::string_view call) const;

  /// All events so far.
  [[nodiscard]] std::uint64_t events() const { return events_; }

  [[nodiscard]] std::uint32_t turns() const { return turns_; }

  [[nodiscard]] const token_usage& usage() const { return usage_; }

  [[nodiscard]] std::uint64_t cost_micro() const { return cost_micro_; }

  [[nodiscard]] const token_gauge& gauge() const { return gauge_; }

  /// For whoever looks at it; `id` and `resident` are left to the caller.
  [[nodiscard]] session_view view() const;

  /// Takes a third of the memory from now on, until somebody reads the entries or adds to them.
  void pack();

  /// Memory it holds, itself included.
  [[nodiscard]] std::size_t bytes() const;

  friend bool operator==(const conversation& a, const conversation& b);

private:
  [[nodiscard]] expected<void> fold(turn_began& event);
  [[nodiscard]] expected<void> fold(step_taken& event);
  [[nodiscard]] expected<void> fold(tools_started& event);
  [[nodiscard]] expected<void> fold(tool_ended& event);
  [[nodiscard]] expected<void> fold(approval_asked& event);
  [[nodiscard]] expected<void> fold(approval_decided& event);
  [[nodiscard]] expected<void> fold(handed_over& event);
  [[nodiscard]] expected<void> fold(summarised& event);
  [[nodiscard]] expected<void> fold(turn_ended& event);

  void add(chat_message message);
  void answer_what_is_open(const turn_ended& event);
  [[nodiscard]] recorded_call* find_call(std::string_view id);
  [[nodiscard]] std::vector<conversation_entry>& unpacked() const;

  std::string agent_;
  std::vector<std::string> handed_over_by_;  // to `agent_`, one after the other
  std::string summary_;
  mutable std::vector<conversation_entry> entries_;  // empty while they are in `packed_`
  mutable std::string packed_;
  std::unique_ptr<open_turn> turn_;
  std::unique_ptr<turn_facts> last_;
  token_gauge gauge_;
  token_usage usage_;
  std::uint64_t cost_micro_ = 0;
  std::uint64_t events_ = 0;
  unix_millis created_at_ = 0;
  unix_millis changed_at_ = 0;
  std::uint32_t turns_ = 0;
};

/// An entry as the messages that a model reads: the message, and a result for each of its calls.
void append_messages(std::vector<chat_message>& out, const conversation_entry& entry);

}  // namespace libagent
