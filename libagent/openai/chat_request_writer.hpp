#pragma once

#include "libagent/models/chat.hpp"

#include <cstdint>
#include <string>

namespace libagent {

/// What a provider wants to have written its way.
struct chat_request_style {
  /// OpenAI's newer models want `max_completion_tokens`; many other servers know `max_tokens` only.
  enum class tokens_field : std::uint8_t { max_tokens, max_completion_tokens };

  bool stream = false;
  bool include_usage = true;  ///< With `stream`: ask for the usage in a last chunk.
  tokens_field tokens = tokens_field::max_tokens;
  /// Further members of the body, as a JSON object; for example `{"cache_prompt":true}` for
  /// llama.cpp. Empty: none. They come last. @pre Empty or a JSON object.
  raw_json extra;
};

/// The body of `POST /v1/chat/completions` (OpenAI API reference, Chat Completions).
///
/// Arguments of earlier tool calls are always written as valid JSON, because servers refuse a
/// history with others on every later turn: empty ones as `{}`, and what is no JSON object as
/// `{"invalid_arguments":"..."}` with the text the model wrote.
/// @pre The `raw_json` in `request` is empty or valid JSON.
[[nodiscard]] std::string write_chat_request(const chat_request& request,
                                             const chat_request_style& style);

}  // namespace libagent
