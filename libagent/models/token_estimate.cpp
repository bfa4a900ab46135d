#include "libagent/models/token_estimate.hpp"

namespace libagent {

namespace {

constexpr std::size_t bytes_per_token = 3;
/// Role and separators of a message, name and framing of a call or a tool.
constexpr std::uint64_t message_frame_tokens = 6;
constexpr std::uint64_t tool_frame_tokens = 12;

std::uint64_t estimate_message(const chat_message& message) {
  auto tokens = message_frame_tokens + estimate_tokens(message.content) +
                estimate_tokens(message.parts.text) + estimate_tokens(message.name);
  for (const auto& call : message.tool_calls) {
    tokens += tool_frame_tokens + estimate_tokens(call.name) + estimate_tokens(call.arguments);
  }
  return tokens;
}

}  // namespace

std::uint64_t estimate_tokens(std::string_view text) {
  return (text.size() + bytes_per_token - 1) / bytes_per_token;
}

std::uint64_t estimate_prompt_tokens(const chat_request& request) {
  std::uint64_t tokens = estimate_tokens(request.format.schema.text);
  for (const auto& message : request.messages)
    tokens += estimate_message(message);
  for (const auto& tool : request.tools) {
    tokens += tool_frame_tokens + estimate_tokens(tool.name) + estimate_tokens(tool.description) +
              estimate_tokens(tool.parameters.text);
  }
  return tokens;
}

}  // namespace libagent
