#include "libagent/openai/chat_request_reader.hpp"

#include "libagent/openai/json_tape.hpp"
#include "libagent/openai/message_reader.hpp"
#include "libagent/openai/request_problem.hpp"
#include "libagent/openai/tools_reader.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace libagent {

namespace {

constexpr std::size_t short_text_max = 512;

bool read_stop(json_view value, request_problem& problem, std::vector<std::string>& out) {
  constexpr std::size_t stops_max = 4;
  const request_path at{.name = "stop"};
  if (!value.has_value())
    return true;
  if (value.is_string())
    return problem.read_required(value, at, short_text_max, out.emplace_back());
  if (!value.is_array())
    return problem.wrong_type(at, "a string or an array of strings", value);
  if (value.size() > stops_max)
    return problem.wrong(at, "more than 4 strings", "array_above_max_length");
  return value.each_element([&](json_view element) {
    const request_path element_at{.before = &at, .name = {}, .index = out.size()};
    return problem.read_required(element, element_at, short_text_max, out.emplace_back());
  });
}

bool read_tokens_max(json_view body, request_problem& problem, sampling& out) {
  std::optional<std::int64_t> tokens;
  constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
  const bool good =
      problem.read(body.find("max_tokens"), {.name = "max_tokens"}, 1, most, tokens) &&
      problem.read(body.find("max_completion_tokens"), {.name = "max_completion_tokens"}, 1, most,
                   tokens);
  if (good && tokens)
    out.tokens_max = static_cast<std::uint32_t>(*tokens);
  return good;
}

bool read_sampling(json_view body, request_problem& problem, sampling& out) {
  return problem.read(body.find("temperature"), {.name = "temperature"}, 0.0, 2.0,
                      out.temperature) &&
         problem.read(body.find("top_p"), {.name = "top_p"}, 0.0, 1.0, out.top_p) &&
         problem.read(body.find("presence_penalty"), {.name = "presence_penalty"}, -2.0, 2.0,
                      out.presence_penalty) &&
         problem.read(body.find("frequency_penalty"), {.name = "frequency_penalty"}, -2.0, 2.0,
                      out.frequency_penalty) &&
         problem.read(body.find("seed"), {.name = "seed"}, std::numeric_limits<std::int64_t>::min(),
                      std::numeric_limits<std::int64_t>::max(), out.seed) &&
         problem.read(body.find("reasoning_effort"), {.name = "reasoning_effort"}, 32,
                      out.reasoning_effort) &&
         read_tokens_max(body, problem, out) && read_stop(body.find("stop"), problem, out.stop);
}

bool read_metadata(json_view value, request_problem& problem,
                   std::vector<std::pair<std::string, std::string>>& out) {
  constexpr std::size_t pairs_max = 16;
  const request_path at{.name = "metadata"};
  if (!value.has_value())
    return true;
  if (!value.is_object())
    return problem.wrong_type(at, "an object", value);
  if (value.size() > pairs_max)
    return problem.wrong(at, "more than 16 pairs", "object_above_max_properties");
  bool good = true;
  value.each_member([&](json_view name, json_view text) {
    auto& [key, content] = out.emplace_back();
    key = name.text();
    const request_path member_at{.before = &at, .name = key};
    good = good && (text.is_string() || problem.wrong_type(member_at, "a string", text)) &&
           problem.read(text, member_at, short_text_max, content);
  });
  return good;
}

bool read_streaming(json_view body, request_problem& problem, incoming_chat& out) {
  const auto options = body.find("stream_options");
  const request_path at{.name = "stream_options"};
  if (!problem.read(body.find("stream"), {.name = "stream"}, out.stream))
    return false;
  if (options.has_value() && !options.is_object())
    return problem.wrong_type(at, "an object", options);
  return problem.read(options.find("include_usage"), {.before = &at, .name = "include_usage"},
                      out.include_usage);
}

bool check_choices(json_view body, request_problem& problem) {
  std::optional<std::int64_t> choices;
  const request_path at{.name = "n"};
  if (!problem.read(body.find("n"), at, 1, 128, choices))
    return false;
  return choices.value_or(1) == 1 ||
         problem.wrong(at, "only one choice is given; expected 1", "unsupported_value");
}

bool read_user(json_view body, request_problem& problem, std::string& out) {
  return problem.read(body.find("user"), {.name = "user"}, short_text_max, out) &&
         problem.read(body.find("safety_identifier"), {.name = "safety_identifier"}, short_text_max,
                      out);
}

bool read_incoming_chat(json_view body, const chat_request_limits& limits, request_problem& problem,
                        incoming_chat& out) {
  if (!body.is_object())
    return problem.wrong_type({}, "an object as the request's body", body);
  return problem.read_required(body.find("model"), {.name = "model"}, short_text_max,
                               out.chat.model) &&
         read_messages(body.find("messages"), limits, problem, out.chat.messages) &&
         check_tool_results(out.chat.messages, problem) &&
         read_tools(body, limits, problem, out.chat) &&
         read_reply_format(body.find("response_format"), problem, out.chat.format) &&
         read_sampling(body, problem, out.chat.how) && read_streaming(body, problem, out) &&
         check_choices(body, problem) && read_user(body, problem, out.chat.user) &&
         problem.read(body.find("session"), {.name = "session"}, short_text_max, out.session) &&
         read_metadata(body.find("metadata"), problem, out.metadata);
}

}  // namespace

std::variant<incoming_chat, http_error> read_chat_request(std::string_view body,
                                                          const chat_request_limits& limits) {
  json_tape tape{{.bytes_max = limits.body_bytes_max, .depth_max = limits.depth_max}};
  request_problem problem;
  incoming_chat out;
  if (auto done = tape.read(body); !done) {
    problem.unreadable(done.error());
    return problem.failure();
  }
  if (!read_incoming_chat(tape.root(), limits, problem, out))
    return problem.failure();
  return out;
}

}  // namespace libagent
