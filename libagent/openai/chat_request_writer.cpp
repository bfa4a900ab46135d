#include "libagent/openai/chat_request_writer.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/openai/json_append.hpp"
#include "libagent/openai/tool_call_json.hpp"

#include <cmath>
#include <optional>
#include <string_view>

namespace libagent {

namespace {

void append_sent_message(std::string& out, const chat_message& message) {
  object_appender object{out};
  object.text("role", name_of(message.role));
  const bool only_calls = message.content.empty() && !message.tool_calls.empty();
  if (!message.parts.text.empty()) {
    object.raw("content", message.parts.text);
  } else if (only_calls) {
    object.raw("content", "null");
  } else {
    object.text("content", message.content);
  }
  if (!message.name.empty())
    object.text("name", message.name);
  if (!message.tool_call_id.empty())
    object.text("tool_call_id", message.tool_call_id);
  if (!message.tool_calls.empty()) {
    auto calls = message.tool_calls;
    for (auto& call : calls)
      call.arguments = valid_arguments(call.arguments);
    append_tool_calls(object.member("tool_calls"), calls);
  }
  object.close();
}

void append_tool_definition(std::string& out, const tool_definition& tool) {
  out += R"({"type":"function","function":)";
  object_appender function{out};
  function.text("name", tool.name);
  if (!tool.description.empty())
    function.text("description", tool.description);
  function.raw("parameters", tool.parameters.text.empty() ? R"({"type":"object","properties":{}})"
                                                          : tool.parameters.text);
  if (tool.strict)
    function.boolean("strict", true);
  function.close();
  out += '}';
}

void append_tool_choice(std::string& out, const tool_choice& choice) {
  switch (choice.mode) {
    case tool_choice_mode::automatic: out += R"("auto")"; break;
    case tool_choice_mode::none: out += R"("none")"; break;
    case tool_choice_mode::required: out += R"("required")"; break;
    case tool_choice_mode::function:
      out += R"({"type":"function","function":{"name":)";
      append_quoted(out, choice.function);
      out += "}}";
  }
}

void add_tools(object_appender& body, const chat_request& request) {
  if (request.tools.empty())
    return;  // a choice among no tools is refused by some servers
  auto& out = body.member("tools");
  append_array(out, request.tools,
               [&out](const tool_definition& tool) { append_tool_definition(out, tool); });
  if (request.choice.mode != tool_choice_mode::automatic)
    append_tool_choice(body.member("tool_choice"), request.choice);
  if (request.parallel_tool_calls)
    body.boolean("parallel_tool_calls", *request.parallel_tool_calls);
}

void add_format(object_appender& body, const reply_format& format) {
  if (format.kind == reply_format_kind::text)
    return;
  if (format.kind == reply_format_kind::json_object) {
    body.raw("response_format", R"({"type":"json_object"})");
    return;
  }
  auto& out = body.member("response_format");
  out += R"({"type":"json_schema","json_schema":)";
  object_appender schema{out};
  schema.text("name", format.name.empty() ? "reply" : format.name);
  schema.raw("schema", format.schema.text.empty() ? "{}" : format.schema.text);
  if (format.strict)
    schema.boolean("strict", true);
  schema.close();
  out += '}';
}

void add_real(object_appender& body, std::string_view name, const std::optional<double>& value) {
  if (value && std::isfinite(*value))
    body.real(name, *value);
}

void add_sampling(object_appender& body, const sampling& how,
                  chat_request_style::tokens_field tokens) {
  add_real(body, "temperature", how.temperature);
  add_real(body, "top_p", how.top_p);
  add_real(body, "presence_penalty", how.presence_penalty);
  add_real(body, "frequency_penalty", how.frequency_penalty);
  if (how.seed)
    body.integer("seed", *how.seed);
  const bool old_name = tokens == chat_request_style::tokens_field::max_tokens;
  if (how.tokens_max)
    body.integer(old_name ? "max_tokens" : "max_completion_tokens", *how.tokens_max);
  if (!how.stop.empty()) {
    auto& out = body.member("stop");
    append_array(out, how.stop, [&out](const std::string& text) { append_quoted(out, text); });
  }
  if (!how.reasoning_effort.empty())
    body.text("reasoning_effort", how.reasoning_effort);
}

void add_extra(std::string& out, const std::string& extra) {
  if (extra.empty())
    return;
  const auto begin = extra.find('{');
  const auto end = extra.rfind('}');
  LIBAGENT_EXPECTS(begin != std::string::npos && end != std::string::npos && begin < end);
  const auto members = std::string_view{extra}.substr(begin + 1, end - begin - 1);
  if (members.find_first_not_of(" \t\r\n") != std::string_view::npos)
    out.append(",").append(members);
}

}  // namespace

std::string write_chat_request(const chat_request& request, const chat_request_style& style) {
  std::string out;
  object_appender body{out};
  body.text("model", request.model);
  append_array(body.member("messages"), request.messages,
               [&out](const chat_message& message) { append_sent_message(out, message); });
  add_tools(body, request);
  add_format(body, request.format);
  add_sampling(body, request.how, style.tokens);
  if (!request.user.empty())
    body.text("user", request.user);
  if (style.stream) {
    body.boolean("stream", true);
    if (style.include_usage)
      body.raw("stream_options", R"({"include_usage":true})");
  }
  add_extra(out, style.extra.text);
  body.close();
  return out;
}

}  // namespace libagent
