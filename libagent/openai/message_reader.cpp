#include "libagent/openai/message_reader.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t text_bytes_max = 64U << 20U;  // the body's limit is what counts
constexpr std::size_t short_bytes_max = 256;

bool read_role(json_view value, const request_path& at, request_problem& problem, chat_role& out) {
  std::string name;
  if (!problem.read_required(value, at, short_bytes_max, name))
    return false;
  if (name == "developer") {
    out = chat_role::system;
    return true;
  }
  const auto role = value_of<chat_role>(name);
  if (!role) {
    return problem.wrong(at,
                         "expected one of \"system\", \"developer\", \"user\", \"assistant\", "
                         "\"tool\", got " +
                             quoted_excerpt(name));
  }
  out = *role;
  return true;
}

/// Reads the content of one message.
class content_reader {
public:
  content_reader(chat_message& message, const chat_request_limits& limits, request_problem& problem)
      : message_{&message}, limits_{&limits}, problem_{&problem} {}

  bool read(json_view value, const request_path& at) {
    if (value.is_string()) {
      message_->content = value.text();
      return true;
    }
    if (!value.is_array())
      return read_nothing(value, at);
    if (value.size() > limits_->parts_max) {
      return problem_->wrong(at, "more than " + std::to_string(limits_->parts_max) + " parts",
                             "array_above_max_length");
    }
    std::size_t index = 0;
    const bool good = value.each_element([&](json_view part) {
      return read_part(part, {.before = &at, .name = {}, .index = index++});
    });
    if (good && !only_text_)
      message_->parts.text = value.compact();
    return good;
  }

private:
  bool read_nothing(json_view value, const request_path& at) {
    const bool may_be_absent =
        message_->role == chat_role::assistant || message_->role == chat_role::tool;
    if (value.has_value())
      return problem_->wrong_type(at, "a string or an array of parts", value);
    return may_be_absent || problem_->missing(at, "a string or an array of parts");
  }

  bool read_part(json_view part, const request_path& at) {
    if (!part.is_object())
      return problem_->wrong_type(at, "an object", part);
    const request_path type_at{.before = &at, .name = "type"};
    std::string type;
    if (!problem_->read_required(part.find("type"), type_at, short_bytes_max, type))
      return false;
    if (type == "text" || (type == "refusal" && message_->role == chat_role::assistant))
      return read_text_part(part, type, at);
    static constexpr std::array<std::string_view, 3> others{"image_url", "input_audio", "file"};
    const bool known = std::ranges::find(others, type) != others.end();
    if (!known || message_->role != chat_role::user) {
      return problem_->wrong(
          type_at, known ? quoted_excerpt(type) + " is allowed in messages of a user only"
                         : R"(expected one of "text", "image_url", "input_audio", "file", got )" +
                               quoted_excerpt(type));
    }
    only_text_ = false;
    const request_path content_at{.before = &at, .name = type};
    return part.find(type).is_object() ||
           problem_->wrong_type(content_at, "an object", part.find(type));
  }

  bool read_text_part(json_view part, const std::string& type, const request_path& at) {
    const request_path text_at{.before = &at, .name = type};
    const auto value = part.find(type);
    if (!value.is_string())
      return problem_->wrong_type(text_at, "a string", value);
    if (std::exchange(any_text_, true))
      message_->content += '\n';
    message_->content += value.text();
    return true;
  }

  chat_message* message_;
  const chat_request_limits* limits_;
  request_problem* problem_;
  bool only_text_ = true;
  bool any_text_ = false;
};

bool read_call_arguments(json_view value, const request_path& at, request_problem& problem,
                         std::string& out) {
  if (value.is_object()) {
    out = value.compact();
    return true;
  }
  return problem.read(value, at, text_bytes_max, out);
}

bool read_call(json_view value, const request_path& at, request_problem& problem, tool_call& out) {
  if (!value.is_object())
    return problem.wrong_type(at, "an object", value);
  const request_path type_at{.before = &at, .name = "type"};
  std::string type = "function";
  if (!problem.read(value.find("type"), type_at, short_bytes_max, type))
    return false;
  if (type != "function")
    return problem.wrong(type_at, "expected \"function\", got " + quoted_excerpt(type));
  const auto function = value.find("function");
  const request_path function_at{.before = &at, .name = "function"};
  if (!function.is_object())
    return problem.wrong_type(function_at, "an object", function);
  return problem.read_required(value.find("id"), {.before = &at, .name = "id"}, short_bytes_max,
                               out.id) &&
         problem.read_required(function.find("name"), {.before = &function_at, .name = "name"},
                               short_bytes_max, out.name) &&
         read_call_arguments(function.find("arguments"),
                             {.before = &function_at, .name = "arguments"}, problem, out.arguments);
}

bool read_calls(json_view value, const request_path& at, const chat_request_limits& limits,
                request_problem& problem, std::vector<tool_call>& out) {
  if (!value.has_value())
    return true;
  if (!value.is_array())
    return problem.wrong_type(at, "an array", value);
  return value.each_element([&](json_view element) {
    if (out.size() == limits.calls_max) {
      return problem.wrong(at, "more than " + std::to_string(limits.calls_max) + " calls",
                           "array_above_max_length");
    }
    const request_path call_at{.before = &at, .name = {}, .index = out.size()};
    tool_call call;
    if (!read_call(element, call_at, problem, call))
      return false;
    const bool is_taken =
        std::ranges::any_of(out, [&call](const tool_call& other) { return other.id == call.id; });
    if (is_taken)
      return problem.wrong(call_at, "another call has the id " + quoted_excerpt(call.id) + " too");
    out.push_back(std::move(call));
    return true;
  });
}

bool read_message(json_view value, const request_path& at, const chat_request_limits& limits,
                  request_problem& problem, chat_message& out) {
  if (!value.is_object())
    return problem.wrong_type(at, "an object", value);
  if (!read_role(value.find("role"), {.before = &at, .name = "role"}, problem, out.role))
    return false;
  content_reader content{out, limits, problem};
  if (!content.read(value.find("content"), {.before = &at, .name = "content"}) ||
      !problem.read(value.find("name"), {.before = &at, .name = "name"}, short_bytes_max, out.name))
    return false;
  if (out.role == chat_role::tool) {
    return problem.read_required(value.find("tool_call_id"),
                                 {.before = &at, .name = "tool_call_id"}, short_bytes_max,
                                 out.tool_call_id);
  }
  if (out.role != chat_role::assistant)
    return true;
  if (out.content.empty())
    out.content = value.find("refusal").text();
  out.reasoning = value.find("reasoning_content").text();
  return read_calls(value.find("tool_calls"), {.before = &at, .name = "tool_calls"}, limits,
                    problem, out.tool_calls);
}

}  // namespace

bool read_messages(json_view value, const chat_request_limits& limits, request_problem& problem,
                   std::vector<chat_message>& out) {
  const request_path at{.name = "messages"};
  if (!value.has_value())
    return problem.missing(at, "an array of messages");
  if (!value.is_array())
    return problem.wrong_type(at, "an array of messages", value);
  const auto size = value.size();
  if (size == 0 || size > limits.messages_max) {
    return problem.wrong(at, "expected 1 to " + std::to_string(limits.messages_max) +
                                 " messages, got " + std::to_string(size));
  }
  out.reserve(size);
  return value.each_element([&](json_view element) {
    const request_path message_at{.before = &at, .name = {}, .index = out.size()};
    return read_message(element, message_at, limits, problem, out.emplace_back());
  });
}

bool check_tool_results(const std::vector<chat_message>& messages, request_problem& problem) {
  const request_path list{.name = "messages"};
  std::vector<std::string_view> open;  // calls without a result yet
  std::size_t caller = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const request_path at{.before = &list, .name = {}, .index = i};
    const auto& message = messages[i];
    if (message.role == chat_role::tool) {
      if (std::erase(open, message.tool_call_id) == 0) {
        return problem.wrong({.before = &at, .name = "tool_call_id"},
                             "no call " + quoted_excerpt(message.tool_call_id) +
                                 " waits for a result; a message of role \"tool\" has to follow "
                                 "the message with its call in 'tool_calls', once for each call");
      }
      continue;
    }
    if (!open.empty())
      break;
    for (const auto& call : message.tool_calls)
      open.emplace_back(call.id);
    caller = i;
  }
  if (open.empty())
    return true;
  const request_path at{.before = &list, .name = {}, .index = caller};
  return problem.wrong({.before = &at, .name = "tool_calls"},
                       "no result for call " + quoted_excerpt(open.front()) +
                           "; a message with 'tool_calls' has to be followed at once by a message "
                           "of role \"tool\" for each of them");
}

}  // namespace libagent
