#pragma once

#include "libagent/models/chat.hpp"
#include "libagent/openai/chat_request_reader.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/request_problem.hpp"

#include <vector>

namespace libagent {

/// Reads `messages` of a chat request; a part of `read_chat_request`. Returns whether all is right.
[[nodiscard]] bool read_messages(json_view value, const chat_request_limits& limits,
                                 request_problem& problem, std::vector<chat_message>& out);

/// Whether each message with tool calls is followed at once by one result for each of them, and
/// there are no other results.
[[nodiscard]] bool check_tool_results(const std::vector<chat_message>& messages,
                                      request_problem& problem);

}  // namespace libagent
