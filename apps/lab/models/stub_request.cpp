#include "apps/lab/models/stub_request.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

namespace libagent::lab {

namespace {

using nlohmann::json;

error bad_chat(std::string_view why) {
  return {errc::invalid_argument, std::string{why}};
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool flag_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

/// Text, or the text parts of an array, as one.
std::string content_of(const json& message) {
  const auto content = message.find("content");
  if (content == message.end() || !content->is_array())
    return text_at(message, "content");
  std::string all;
  for (const auto& part : *content) {
    if (part.is_object())
      all += text_at(part, "text");
  }
  return all;
}

/// Follows the conversation; every call has to get its result before anybody else speaks.
class conversation_reader {
public:
  explicit conversation_reader(stub_request& into) : into_{into} {}

  expected<void> take(const json& message) {
    if (!message.is_object())
      return bad_chat("messages: expected objects");
    const auto role = text_at(message, "role");
    if (role == "tool")
      return take_result(text_at(message, "tool_call_id"));
    if (!open_.empty()) {
      return bad_chat(
          "An assistant message with 'tool_calls' must be followed by tool messages "
          "responding to each 'tool_call_id'.");
    }
    if (role == "user") {
      into_.question = content_of(message);
      into_.rounds = 0;
    } else if (role == "assistant") {
      return take_calls(message);
    } else if (role != "system" && role != "developer") {
      return bad_chat("messages: there is no role \"" + role + "\"");
    }
    return {};
  }

  [[nodiscard]] expected<void> end() const {
    if (!open_.empty())
      return bad_chat("messages: a tool call has no result: " + open_.front());
    return {};
  }

private:
  expected<void> take_result(const std::string& id) {
    if (std::erase(open_, id) == 0)
      return bad_chat("messages: a tool message answers no call: \"" + id + "\"");
    return {};
  }

  expected<void> take_calls(const json& message) {
    const auto calls = message.find("tool_calls");
    if (calls == message.end() || !calls->is_array() || calls->empty())
      return {};
    ++into_.rounds;
    for (const auto& call : *calls) {
      const auto function = call.is_object() ? call.find("function") : call.end();
      if (!call.is_object() || function == call.end() || !function->is_object())
        return bad_chat("messages: a tool call without a function");
      if (!json::accept(text_at(*function, "arguments")))
        return bad_chat("Failed to parse tool call arguments as JSON");
      open_.push_back(text_at(call, "id"));
    }
    return {};
  }

  stub_request& into_;
  std::vector<std::string> open_;  // ids of calls
};

json value_for(const json& schema, const std::string& text, int depth);

/// An object with the members that have to be there.
json object_for(const json& schema, const std::string& text, int depth) {
  auto object = json::object();
  const auto properties = schema.find("properties");
  const auto required = schema.find("required");
  if (required == schema.end() || !required->is_array() || properties == schema.end())
    return object;
  for (const auto& name : *required) {
    if (name.is_string() && properties->contains(name.get<std::string>())) {
      const auto key = name.get<std::string>();
      object[key] = value_for((*properties)[key], text, depth + 1);
    }
  }
  return object;
}

/// A value that a schema takes; the depth keeps a schema that refers to itself finite.
json value_for(const json& schema, const std::string& text, int depth) {
  if (!schema.is_object() || depth > 8)
    return nullptr;
  if (const auto one_of = schema.find("enum"); one_of != schema.end() && one_of->is_array())
    return one_of->empty() ? json{} : one_of->front();
  const auto type = text_at(schema, "type");
  if (type == "string")
    return text;
  if (type == "integer" || type == "number")
    return schema.value("minimum", json(1));
  if (type == "boolean")
    return true;
  if (type == "array")
    return json::array();
  return object_for(schema, text, depth);
}

/// The function that has to be called, if the request says so.
std::string wanted_tool(const json& body) {
  const auto choice = body.find("tool_choice");
  if (choice == body.end() || !choice->is_object() || !choice->contains("function"))
    return {};
  return text_at((*choice)["function"], "name");
}

void take_tools(const json& body, stub_request& into, bool echo) {
  const auto tools = body.find("tools");
  if (tools == body.end() || !tools->is_array() || text_at(body, "tool_choice") == "none")
    return;
  const auto wanted = wanted_tool(body);
  for (const auto& tool : *tools) {
    const auto function = tool.is_object() ? tool.find("function") : tool.end();
    if (!tool.is_object() || function == tool.end() || !function->is_object())
      continue;
    const auto name = text_at(*function, "name");
    if (!wanted.empty() && name != wanted)
      continue;
    into.tool = name;
    const auto text = echo ? into.question : std::string{"Z\u00fcrich"};
    into.arguments = value_for(function->value("parameters", json::object()), text, 0)
                         .dump(-1, ' ', true, json::error_handler_t::replace);
    return;
  }
}

}  // namespace

expected<stub_request> read_stub_request(std::string_view body, bool echo) {
  const auto asked = json::parse(body, nullptr, false);
  if (!asked.is_object())
    return bad_chat("We could not parse the JSON body of your request.");
  stub_request request{.model = text_at(asked, "model"),
                       .stream = flag_at(asked, "stream"),
                       .prompt_tokens = body.size() / 4 + 1};
  const auto messages = asked.find("messages");
  if (messages == asked.end() || !messages->is_array() || messages->empty())
    return bad_chat("messages: expected some");
  conversation_reader reader{request};
  for (const auto& message : *messages) {
    if (const auto taken = reader.take(message); !taken)
      return taken.error();
  }
  if (const auto ended = reader.end(); !ended)
    return ended.error();
  if (const auto options = asked.find("stream_options");
      options != asked.end() && options->is_object())
    request.include_usage = flag_at(*options, "include_usage");
  take_tools(asked, request, echo);
  return request;
}

}  // namespace libagent::lab
