#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/agent_declaration.hpp"

#include <span>
#include <string>
#include <string_view>

namespace libagent {

/// Whether `text` has one of the phrases, upper and lower case being the same.
[[nodiscard]] bool has_phrase(std::string_view text, std::span<const std::string> phrases);

/// Errors: `too_large` for a user's message with more bytes than allowed.
[[nodiscard]] expected<void> check_input_size(const guardrail_rules& rules,
                                              std::span<const chat_message> messages);

/// Whether one of the newest messages of a user, behind the last reply, has a phrase that is
/// refused.
[[nodiscard]] bool is_blocked_input(const guardrail_rules& rules,
                                    std::span<const chat_message> messages);

/// Takes out what a user said that is refused, so that no later turn shows it to a model.
void redact_input(const guardrail_rules& rules, std::span<chat_message> messages);

/// Nothing but white space.
[[nodiscard]] bool is_blank(std::string_view text);

/// Each byte that is not part of valid UTF-8 becomes U+FFFD, as it would in JSON.
[[nodiscard]] std::string sound_text(std::string text);

/// At most `bytes_max` bytes of `text`, in whole code points, with a note about what is missing,
/// which comes on top.
[[nodiscard]] std::string cut_with_note(std::string text, std::size_t bytes_max);

}  // namespace libagent
