#pragma once

/// One turn of a conversation: somebody says something, an agent answers, perhaps after many steps.

#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/models/flow_gate.hpp"
#include "libagent/session/ask.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace libagent {

/// What an agent is to do next.
struct turn_request {
  std::string agent;  ///< Its name; empty in a kept session: who answered before.
  /// Its name is said each time, as clients of models have to: who took over from it goes on.
  bool keeps_handover = false;
  std::string session;  ///< Conversation to continue or begin; empty: one that is not kept.
  /// In a kept session what is new: usually one user message. Otherwise all of the conversation.
  std::vector<chat_message> messages;
  /// Tools of whoever asks: a call of one of these ends the turn. Then the agent's own are not
  /// offered, because the conversation is the caller's.
  std::vector<tool_definition> client_tools;
  tool_choice choice;
  std::optional<bool> parallel_tool_calls;
  reply_format format;
  sampling how;  ///< Overrides the agent's, field by field.
  std::optional<std::chrono::milliseconds> timeout;
  std::string client;  ///< Who asks: fairness, quotas, and whose sessions these are. Empty: we.
  std::string key;     ///< The same one again means the same turn. Empty: none.
  std::string trace;   ///< W3C traceparent; empty: none.
  std::optional<criticality> level;
  std::stop_token stop;  ///< Whoever asked has gone: ends the turn as `cancelled`.
  /// Text is told at the end, and providers are asked for their replies in one piece. That takes
  /// less, but a model that stalls is noticed only when its time is over.
  bool in_one_piece = false;
  std::vector<std::string> agents_allowed;  ///< Those that its client may ask; empty: all.
};

enum class turn_state : std::uint8_t {
  answered,        ///< The agent said its last word.
  calls_client,    ///< The caller has to run `calls` and to come back with their results.
  needs_approval,  ///< Waits, without holding anything, for a person to decide on `approvals`.
  failed,          ///< `failure` says why.
  cancelled
};

template <>
struct enum_names<turn_state> {
  static constexpr std::array<std::pair<turn_state, std::string_view>, 5> values{
      {{turn_state::answered, "answered"},
       {turn_state::calls_client, "calls_client"},
       {turn_state::needs_approval, "needs_approval"},
       {turn_state::failed, "failed"},
       {turn_state::cancelled, "cancelled"}}};
};

/// A tool call that a person has to allow.
struct pending_approval {
  std::string id;  ///< For `POST /v1/approvals/{id}`.
  tool_call call;

  friend bool operator==(const pending_approval&, const pending_approval&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, pending_approval& x) {
  return record(f, x, "pending_approval", field("id", "Decide on it under this id.", x.id),
                field("call", "What the agent wants to run.", x.call));
}

/// What a turn came to.
struct turn_result {
  turn_state state = turn_state::answered;
  std::string session;  ///< Empty: it was not kept.
  std::string agent;    ///< Who answered: after a hand-over not who was asked.
  std::string text;     ///< The answer; what there is of it when cut short.
  std::string model;
  finish_reason finish = finish_reason::stop;
  bool found = true;
  std::vector<citation> citations;
  std::vector<tool_call> calls;
  std::vector<pending_approval> approvals;
  token_usage usage;             ///< Of all steps.
  std::uint64_t cost_micro = 0;  ///< Of all steps, in millionths of the currency of the prices.
  std::uint32_t steps = 0;       ///< Model calls.
  std::string cache;             ///< How the response cache served it; empty: it was not asked.
  std::optional<error> failure;
};

template <class Inspector>
bool inspect(Inspector& f, turn_result& x) {
  return record(f, x, "turn_result", field("state", "How it ended.", x.state),
                field("session", "The conversation; empty: not kept.", x.session),
                field("agent", "Who answered.", x.agent), field("text", "The answer.", x.text),
                field("model", "What wrote it.", x.model),
                field("finish", "Why it stopped.", x.finish),
                field("found", "Whether anything answers the question.", x.found),
                field("citations", "What the answer rests on, numbered from 1.", x.citations),
                field("calls", "Tools for the caller to run.", x.calls),
                field("approvals", "What waits for a person.", x.approvals),
                field("usage", "Tokens of all steps.", x.usage),
                field("cost_micro", "Cost in millionths.", x.cost_micro),
                field("steps", "Model calls.", x.steps),
                field("cache", "How the response cache served it.", x.cache),
                field("failure", "Why it failed.", x.failure));
}

// What happens in a turn, as it happens.

struct turn_text {
  std::string text;  ///< To be appended to the answer; whole code points.
};

struct turn_reasoning {
  std::string text;
};

/// A part of a call of one of the caller's own tools, as the model writes it.
struct turn_call_piece {
  tool_call_piece piece;
};

/// What was streamed since the last step was not the answer: the model goes on to run tools.
struct turn_step_ended {
  std::uint32_t step = 0;  ///< Counted from 1.
};

struct turn_tool_began {
  tool_call call;
};

struct turn_tool_ended {
  tool_call call;
  bool succeeded = true;
  std::string output;  ///< As the model will read it; an error's text when it failed.
  std::chrono::milliseconds took{0};
};

struct turn_handed_over {
  std::string agent;  ///< Who answers from now on.
};

using turn_update = std::variant<turn_text, turn_reasoning, turn_call_piece, turn_step_ended,
                                 turn_tool_began, turn_tool_ended, turn_handed_over>;

/// Hears of a turn. When the last reference goes without an end, the turn was lost with the part
/// that ran it.
///
/// Thread safety: called from any thread, one call at a time for one turn. Must neither block nor
/// throw.
class turn_observer {
public:
  turn_observer() = default;
  turn_observer(const turn_observer&) = delete;
  turn_observer& operator=(const turn_observer&) = delete;
  virtual ~turn_observer() = default;

  virtual void on_update(const turn_update& update) = 0;
  /// The last call.
  virtual void on_end(const turn_result& result) = 0;
  /// Instead of everything else: nothing was begun.
  virtual void on_refused(const error& why) = 0;

  /// Closed while the observer cannot take more text; null: it always can.
  [[nodiscard]] virtual std::shared_ptr<flow_gate> flow() const { return nullptr; }
};

using turn_observer_ptr = std::shared_ptr<turn_observer>;

}  // namespace libagent
