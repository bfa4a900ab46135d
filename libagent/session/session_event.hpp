#pragma once

/// What is kept of a conversation: the events that it is folded from.

#include "libagent/base/error.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/agent_declaration.hpp"
#include "libagent/session/turn.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace libagent {

/// What of a `turn_request` matters for as long as its turn is open.
struct turn_terms {
  std::string client;
  std::string trace;
  std::vector<tool_definition> client_tools;
  tool_choice choice;
  std::optional<bool> parallel_tool_calls;
  reply_format format;
  sampling how;
  std::optional<criticality> level;
  turn_limits limits;
  unix_millis deadline = 0;

  friend bool operator==(const turn_terms&, const turn_terms&) = default;
};

struct turn_began {
  std::string id;
  std::string key;  ///< Of the request; empty: none.
  std::string agent;
  std::vector<chat_message> messages;  ///< What is new in the conversation.
  turn_terms terms;
  unix_millis at = 0;

  friend bool operator==(const turn_began&, const turn_began&) = default;
};

/// A model's call has ended.
struct step_taken {
  chat_message message;
  finish_reason finish = finish_reason::stop;
  std::string model;
  token_usage usage;
  std::uint64_t cost_micro = 0;
  std::uint64_t prompt_bytes =
      0;  ///< Of what was sent, to learn what a token weighs; 0: no matter.
  bool found = true;
  std::vector<citation> citations;

  friend bool operator==(const step_taken&, const step_taken&) = default;
};

/// Is stored before anything of it runs. Ids are those of the latest step.
struct tools_started {
  std::vector<std::string> calls;

  friend bool operator==(const tools_started&, const tools_started&) = default;
};

/// A call has its result, whether it ran or not.
struct tool_ended {
  std::string call;
  std::string output;  ///< As the model reads it; an error's text when it failed.
  bool succeeded = true;
  std::chrono::milliseconds took{0};
  token_usage usage;             ///< Of an agent that was asked.
  std::uint64_t cost_micro = 0;  ///< Of an agent that was asked.

  friend bool operator==(const tool_ended&, const tool_ended&) = default;
};

/// These calls wait for a person.
struct approval_asked {
  std::vector<std::string> calls;
  std::chrono::milliseconds time_left{0};  ///< Of the turn; it stands still while all wait.

  friend bool operator==(const approval_asked&, const approval_asked&) = default;
};

/// One that was not allowed also gets its result.
struct approval_decided {
  std::string call;
  bool allowed = false;
  std::string client;        ///< Who decided.
  unix_millis deadline = 0;  ///< Of the turn, from now on.

  friend bool operator==(const approval_decided&, const approval_decided&) = default;
};

struct handed_over {
  std::string agent;

  friend bool operator==(const handed_over&, const handed_over&) = default;
};

/// Takes the place of the oldest entries.
struct summarised {
  std::uint64_t entries = 0;  ///< How many of those that there were.
  std::string text;           ///< Holds what the summary before held.
  token_usage usage;
  std::uint64_t cost_micro = 0;

  friend bool operator==(const summarised&, const summarised&) = default;
};

/// Calls that have no result get one that says so.
struct turn_ended {
  turn_state state = turn_state::answered;
  std::optional<error> failure;
  std::string cache;  ///< How the response cache served it.
  unix_millis at = 0;

  friend bool operator==(const turn_ended&, const turn_ended&) = default;
};

using session_event =
    std::variant<turn_began, step_taken, tools_started, tool_ended, approval_asked,
                 approval_decided, handed_over, summarised, turn_ended>;

/// One line of JSON: `{"v":1,"k":KIND,...}` with short names; what has its usual value is left out.
/// A message's reasoning is not kept, and JSON within it (parts, schemas) reads back with the
/// members of its objects sorted.
[[nodiscard]] std::string encode_event(const session_event& event);

/// Reads what `encode_event` wrote. Errors: `unsupported` for another version or kind, naming it;
/// `corrupt` for all else, naming what is wrong.
[[nodiscard]] expected<session_event> decode_event(std::string_view text);

/// The kind, as it stands in the JSON.
[[nodiscard]] std::string_view kind_of(const session_event& event);

}  // namespace libagent
