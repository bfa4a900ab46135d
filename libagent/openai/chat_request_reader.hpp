#pragma once

#include "libagent/http/http_error.hpp"
#include "libagent/models/chat.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace libagent {

/// What a client of the OpenAI-compatible door asks for.
struct incoming_chat {
  chat_request chat;
  bool stream = false;
  bool include_usage = false;  ///< `stream_options.include_usage`.
  std::string session;         ///< A member of our own: the conversation to go on with.
  std::vector<std::pair<std::string, std::string>> metadata;

  friend bool operator==(const incoming_chat&, const incoming_chat&) = default;
};

struct chat_request_limits {
  std::size_t body_bytes_max = 16U << 20U;
  std::size_t depth_max = 64;
  std::size_t messages_max = 10'000;
  std::size_t parts_max = 1'000;  ///< Of one message's content.
  std::size_t calls_max = 128;    ///< Of one message.
  std::size_t tools_max = 128;
};

/// Reads the body of `POST /v1/chat/completions` (OpenAI API reference, Chat Completions), or says
/// what is wrong with it: a 400, or a 413 for too many bytes, whose message names the place and
/// whose `param` is spelled as OpenAI does it, for example `messages[2].content`.
///
/// Members that it does not know are ignored. Roles: `developer` is `system`. Content: text parts
/// become one text, joined by line ends; where there are other parts, all of them are kept in
/// `chat_message::parts`. Tokens: `max_completion_tokens` counts more than `max_tokens`. Also
/// checked is what every provider wants: each message with tool calls is followed at once by one
/// result for each of them.
[[nodiscard]] std::variant<incoming_chat, http_error> read_chat_request(
    std::string_view body, const chat_request_limits& limits = {});

}  // namespace libagent
