#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/agent_environment.hpp"
#include "libagent/session/conversation.hpp"
#include "libagent/session/loop_action.hpp"
#include "libagent/session/session_view.hpp"
#include "libagent/session/turn.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// The two clocks, read at the same time. The journal knows the wall clock only.
struct moment {
  time_point now;
  unix_millis wall = 0;
};

/// A turn to begin.
struct turn_start {
  turn_request request;
  std::string id;       ///< Never used before, of any session: `[A-Za-z0-9_-]{1,64}`.
  bool is_kept = true;  ///< False: no `commit_events`.
};

/// How a model's call ended.
struct model_outcome {
  expected<chat_reply> reply;
  chat_message so_far;  ///< With an error: what had been written until then.
  bool began = false;   ///< Somebody may have seen a part of it.
  std::uint64_t cost_micro = 0;
  /// With `context_too_long`, when the provider says: its window and what the request came to.
  std::optional<std::uint64_t> context_tokens;
  std::optional<std::uint64_t> prompt_tokens;
};

/// How a tool's run ended, or an agent's turn that was asked for.
struct tool_outcome {
  expected<std::string> output;  ///< As the model will read it, but for its length.
  std::chrono::milliseconds took{0};
  token_usage usage;             ///< Of an agent that was asked.
  std::uint64_t cost_micro = 0;  ///< Of an agent that was asked.
};

/// What the response cache says.
struct found_in_cache {
  std::string key;      ///< As asked.
  std::string value;    ///< As it was given to `fill_cache`; empty: a miss.
  std::string outcome;  ///< For `turn_result::cache`: hit, disk_hit, stale, coalesced, miss.
};

struct turn_work;

/// One turn after the other of a conversation, as a state machine: calls a model, runs the tools
/// it asks for, calls it again with their results, until it answers or may go no further.
///
/// Decides only: every member returns what is to be done, to be performed in that order. All that
/// must survive a crash is in the conversation, and with that in the events that it commits.
/// Late answers (of a call or an order that is no longer waited for) are ignored.
/// Thread safety: none; one session owns one.
class agent_loop {
public:
  /// `history` and what `world` points to must live longer.
  agent_loop(conversation& history, agent_environment world);
  agent_loop(const agent_loop&) = delete;
  agent_loop& operator=(const agent_loop&) = delete;
  agent_loop(agent_loop&&) = delete;
  agent_loop& operator=(agent_loop&&) = delete;
  ~agent_loop();

  /// A request without an agent goes to who answered last. Errors, with nothing begun:
  /// `already_exists` when a turn is open; `not_found`: no such agent;
  /// `invalid_argument` for messages that make no conversation; `too_large`.
  [[nodiscard]] expected<loop_actions> begin(turn_start start, moment at);

  /// Goes on with the open turn of a conversation that was replayed: calls the model again; runs
  /// calls that had started again, with the same keys; goes on waiting for approvals. Nothing when
  /// no turn is open.
  [[nodiscard]] loop_actions resume(moment at);

  [[nodiscard]] loop_actions on_model_end(std::uint64_t order, model_outcome end, moment at);
  [[nodiscard]] loop_actions on_tool_end(std::string_view call, tool_outcome end, moment at);
  [[nodiscard]] loop_actions on_cache(const found_in_cache& found, moment at);

  /// Errors: `not_found` when no such approval waits.
  [[nodiscard]] expected<loop_actions> on_approval(std::string_view id,
                                                   const approval_decision& decision, moment at);

  /// A model's call that is under way is stopped, and its end waited for; asked again, it is not.
  [[nodiscard]] loop_actions on_cancel(std::string why, moment at);

  /// Nothing when the deadline is still ahead.
  [[nodiscard]] loop_actions on_deadline(moment at);

  /// The journal failed, or the session must go at once: ends the turn for its observer and commits
  /// nothing. The conversation is no longer what is stored and has to be read again.
  [[nodiscard]] loop_actions abandon(error why, moment at);

  /// A turn is open, even one that waits for a person.
  [[nodiscard]] bool is_open() const;
  /// Nothing is under way: the conversation may be left to the journal.
  [[nodiscard]] bool is_idle() const;

private:
  conversation* history_;
  agent_environment world_;
  std::unique_ptr<turn_work> work_;  // Only while a turn is open.
  std::uint64_t next_order_ = 1;
};

}  // namespace libagent
