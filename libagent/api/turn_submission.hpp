#pragma once

#include "libagent/api/api_keys.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/http/http_request.hpp"
#include "libagent/record/field.hpp"
#include "libagent/session/turn.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// The body of `POST /v1/sessions/{id}/messages`.
struct message_submission {
  std::optional<std::string> agent;  ///< Absent: who has answered in this session so far.
  std::string message;
  bool stream = false;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<criticality> level;
  std::optional<double> temperature;
  std::optional<std::uint32_t> reply_tokens_max;
};

template <class Inspector>
bool inspect(Inspector& f, message_submission& x) {
  return record(
      f, x, "message_submission",
      field("agent", "Who is to answer; default: who did before.", x.agent).max_size(128),
      field("message", "What you say.", x.message).max_size(1'048'576),
      field("stream", "Answer with events as they happen.", x.stream).fallback(false),
      field("timeout_ms", "Milliseconds for the turn; default: the agent's.", x.timeout),
      field("criticality", "How much it matters.", x.level),
      field("temperature", "0 to 2; default: the agent's.", x.temperature),
      field("reply_tokens_max", "Longest reply; default: the agent's.", x.reply_tokens_max));
}

/// A session's name within its client: `[A-Za-z0-9_.-]{1,64}`.
/// Errors: `invalid_argument`.
[[nodiscard]] expected<void> check_session_id(std::string_view id);

/// An agent's name without the `agent:` that may stand before it.
[[nodiscard]] std::string_view agent_of_model(std::string_view model);

/// The turn that a message in the session `id` asks for.
/// Errors: `invalid_argument` for a bad id, an empty message, and numbers out of range.
[[nodiscard]] expected<turn_request> to_turn(message_submission submission, std::string id);

/// What caller and headers say of a turn: `Idempotency-Key`, `traceparent`,
/// `X-Request-Timeout-Ms`; whose it is, which agents may answer it, and how much it matters.
/// Errors: `invalid_argument`.
[[nodiscard]] expected<void> take_headers(const http_request& request, const api_caller& caller,
                                          turn_request& into);

/// Of the messages of a conversation those that a kept session has not seen: what follows the last
/// one of the assistant. Clients of stateless models send everything each time.
[[nodiscard]] std::vector<chat_message> new_messages(std::vector<chat_message> all);

}  // namespace libagent
