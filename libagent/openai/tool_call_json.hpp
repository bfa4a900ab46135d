#pragma once

#include "libagent/models/chat.hpp"

#include <string>
#include <vector>

namespace libagent {

/// Appends the `tool_calls` of a message as OpenAI writes them. Arguments go out as they are.
void append_tool_calls(std::string& out, const std::vector<tool_call>& calls);

/// What to send in place of arguments that a model wrote, so that a server can read them back: see
/// `write_chat_request`.
[[nodiscard]] std::string valid_arguments(const std::string& arguments);

}  // namespace libagent
