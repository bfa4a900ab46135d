#pragma once

#include "libagent/http/http_error.hpp"
#include "libagent/http/http_response.hpp"
#include "libagent/models/chat.hpp"
#include "libagent/session/turn.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace libagent {

/// A failure with the codes that OpenAI's clients branch on, where OpenAI has one for it:
/// `model_not_found`, `context_length_exceeded`, `rate_limit_exceeded`, `insufficient_quota`.
[[nodiscard]] http_error to_openai_error(const error& failure);

/// Why a turn failed that had begun. What a provider says about us (a bad key, a model that it does
/// not have) is not the client's doing: 502.
[[nodiscard]] http_error failed_turn_error(const error& failure);

/// The answer for a turn that was not begun: to be tried again when the status says so.
[[nodiscard]] http_response refused_turn_reply(const error& why);

/// The answer for a turn that had begun and did not end well. Tools may have run, so OpenAI's
/// clients are told not to try again by themselves (`x-should-retry`).
/// @pre `result.state` is `failed` or `cancelled`.
[[nodiscard]] http_response failed_turn_reply(const turn_result& result);

/// Why `result` has no answer. @pre As above.
[[nodiscard]] error why_failed(const turn_result& result);

/// What a turn that waits for a person says of it; empty for all others.
[[nodiscard]] std::string approval_notice(const turn_result& result);

/// The reply of a model that a client of the chat interface believes to have asked. A turn that
/// waits for a person says so in its text.
[[nodiscard]] chat_reply reply_of(const turn_result& result);

/// What the chat interface has no member for, as `"libagent":{...}`: session, agent, state,
/// approvals, cost, steps, and how the cache served it.
[[nodiscard]] std::string extension_member(const turn_result& result);

/// Puts `member` into the JSON object that ends at the last brace of `object`.
void insert_member(std::string& object, std::string_view member);

/// What one chat completion is called: `chatcmpl-` and 32 hexadecimal digits.
[[nodiscard]] std::string completion_id(std::uint64_t random_high, std::uint64_t random_low);

}  // namespace libagent
