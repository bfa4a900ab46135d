#pragma once

#include "libagent/models/chat.hpp"
#include "libagent/session/agent_declaration.hpp"
#include "libagent/session/conversation.hpp"
#include "libagent/session/token_gauge.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// What there is room for.
struct context_room {
  std::uint64_t tokens = 8'192;   ///< The window.
  std::uint64_t reserve = 1'024;  ///< Left for the reply; at most half of the window counts.
  std::uint64_t fixed_bytes = 0;  ///< Of tools' definitions.
  std::string_view instructions;  ///< Of the agent; may be empty.
  token_gauge gauge;
};

/// Which entries a model gets to read.
struct context_plan {
  /// Entries from here on, and before them only the system messages at the very beginning.
  std::size_t first = 0;
  std::uint64_t bytes = 0;  ///< Of all that is sent, definitions included.
  bool fits = true;         ///< False: even the latest exchange alone is too long.
  bool left_out = false;    ///< Something is.
};

/// The most recent exchanges that fit: an exchange is what one or more users' messages began, with
/// all steps and results that followed. At least the latest one.
[[nodiscard]] context_plan plan_context(const conversation& history, const context_room& room);

/// What the plan says, as messages: one system message, then the entries. When the latest exchange
/// does not fit, the oldest results of its tools are shortened until it does, or all are.
[[nodiscard]] std::vector<chat_message> context_messages(const conversation& history,
                                                         const context_plan& plan,
                                                         const context_room& room);

/// What of a conversation is to be summarised, when the plan leaves something out.
struct summary_plan {
  std::size_t entries = 0;  ///< The oldest ones. 0: there is nothing to be summarised.
  chat_request request;     ///< What to ask a model.
};

/// Summarises so much that what stays takes half of the room, so that it is not due again at once.
[[nodiscard]] summary_plan plan_summary(const conversation& history, const context_room& room);

/// What a message weighs, in bytes of text: an image counts as many as its tokens usually come to.
[[nodiscard]] std::uint64_t message_weight(const chat_message& message);
[[nodiscard]] std::uint64_t definition_weight(const tool_definition& tool);

}  // namespace libagent
