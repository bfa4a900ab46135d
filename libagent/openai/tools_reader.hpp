#pragma once

#include "libagent/models/chat.hpp"
#include "libagent/openai/chat_request_reader.hpp"
#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/request_problem.hpp"

namespace libagent {

// Parts of `read_chat_request`; they return whether all is right.

/// Reads `tools`, `tool_choice` and `parallel_tool_calls`. A choice among some tools leaves only
/// these.
[[nodiscard]] bool read_tools(json_view body, const chat_request_limits& limits,
                              request_problem& problem, chat_request& out);

/// Reads `response_format`, also as llama.cpp's server takes it, with the schema in it directly.
[[nodiscard]] bool read_reply_format(json_view value, request_problem& problem, reply_format& out);

}  // namespace libagent
