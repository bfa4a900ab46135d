#include "libagent/telemetry/span_contents.hpp"

#include "libagent/record/json.hpp"
#include "libagent/session/guardrails.hpp"

#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace libagent {

namespace {

struct said_part {
  std::string type;
  std::optional<std::string> content;
  std::optional<std::string> id;
  std::optional<std::string> name;
  std::optional<std::string> arguments;
  std::optional<std::string> response;
};

template <class Inspector>
bool inspect(Inspector& f, said_part& x) {
  return record(f, x, "said_part", field("type", "Kind of part.", x.type),
                field("content", "Text.", x.content), field("id", "Of a call.", x.id),
                field("name", "Of a tool.", x.name), field("arguments", "Of a call.", x.arguments),
                field("response", "What a call came to.", x.response));
}

struct said_message {
  chat_role role = chat_role::user;
  std::vector<said_part> parts;
  std::optional<std::string> name;
  std::optional<std::string> finish_reason;
};

template <class Inspector>
bool inspect(Inspector& f, said_message& x) {
  return record(f, x, "said_message", field("role", "Who speaks.", x.role),
                field("parts", "What is said.", x.parts), field("name", "The speaker's.", x.name),
                field("finish_reason", "Why a reply ended.", x.finish_reason));
}

said_message said_by(const chat_message& message, std::size_t text_max) {
  said_message out{.role = message.role, .parts = {}, .name = {}, .finish_reason = {}};
  const auto add = [&out](said_part part) { out.parts.push_back(std::move(part)); };
  if (!message.name.empty())
    out.name = message.name;
  if (!message.reasoning.empty())
    add({.type = "reasoning", .content = cut_with_note(message.reasoning, text_max)});
  if (message.role == chat_role::tool) {
    add({.type = "tool_call_response",
         .id = message.tool_call_id,
         .response = cut_with_note(message.content, text_max)});
  } else if (!message.parts.text.empty()) {
    add({.type = "parts", .content = cut_with_note(message.parts.text, text_max)});
  } else if (!message.content.empty()) {
    add({.type = "text", .content = cut_with_note(message.content, text_max)});
  }
  for (const auto& call : message.tool_calls) {
    add({.type = "tool_call",
         .id = call.id,
         .name = call.name,
         .arguments = cut_with_note(call.arguments, text_max)});
  }
  return out;
}

std::string list_of(const std::vector<std::string>& newest_first) {
  std::string out{"["};
  for (const auto& each : std::views::reverse(newest_first)) {
    if (out.size() > 1)
      out += ',';
    out += each;
  }
  return out + ']';
}

}  // namespace

std::string input_messages_text(std::span<const chat_message> messages, std::size_t bytes_max) {
  std::vector<std::string> newest_first;
  std::size_t sum = 2;
  for (auto at = messages.size(); at > 0; --at) {
    auto text = to_json(said_by(messages[at - 1], bytes_max / 2));
    sum += text.size() + 1;
    if (sum > bytes_max)
      break;
    newest_first.push_back(std::move(text));
  }
  return list_of(newest_first);
}

std::string output_messages_text(const chat_message& reply, finish_reason finish,
                                 std::size_t bytes_max) {
  auto said = said_by(reply, bytes_max / 2);
  said.finish_reason = finish == finish_reason::tool_calls ? "tool_call" : name_of(finish);
  auto text = to_json(said);
  if (text.size() + 2 > bytes_max)
    return "[]";
  return "[" + std::move(text) + "]";
}

}  // namespace libagent
