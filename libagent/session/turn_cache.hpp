#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/turn.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// The key of an answer: two turns share it exactly when their answers are interchangeable, which
/// asks for the same client, agent, model, instructions, tools, conversation and manner.
/// Errors: as `chat_cache_key`.
[[nodiscard]] expected<std::string> turn_cache_key(std::string_view client, std::string_view agent,
                                                   std::string_view model,
                                                   const chat_request& request);

/// What is kept of a turn's answer; empty: nothing may be. @pre All its tools are pure.
[[nodiscard]] std::string cached_answer_of(const turn_result& result);

/// The reverse; empty when the text is none.
[[nodiscard]] std::optional<chat_reply> answer_from_cache(std::string_view text);

}  // namespace libagent
