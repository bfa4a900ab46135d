#include "libagent/api/turn_submission.hpp"

#include "libagent/api/request_headers.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t session_id_bytes_max = 64;
constexpr std::chrono::milliseconds turn_time_max = std::chrono::hours{24};

bool is_session_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

expected<void> check_turn_time(std::chrono::milliseconds time, const char* where) {
  if (time > std::chrono::milliseconds{0} && time <= turn_time_max)
    return {};
  return error{errc::invalid_argument, std::string{where} + ": expected 1 to " +
                                           std::to_string(turn_time_max.count()) + " ms, got " +
                                           std::to_string(time.count())};
}

expected<std::optional<std::chrono::milliseconds>> asked_time(const http_request& request) {
  const auto text = request.headers.find("X-Request-Timeout-Ms");
  if (!text)
    return std::optional<std::chrono::milliseconds>{};
  std::int64_t number = 0;
  const auto* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) {
    return error{errc::invalid_argument,
                 "read the header X-Request-Timeout-Ms: expected a whole "
                 "number, got " +
                     quoted_excerpt(*text)};
  }
  const std::chrono::milliseconds time{number};
  if (auto checked = check_turn_time(time, "read the header X-Request-Timeout-Ms"); !checked)
    return checked.error();
  return std::optional{time};
}

}  // namespace

expected<void> check_session_id(std::string_view id) {
  if (!id.empty() && id.size() <= session_id_bytes_max &&
      std::ranges::all_of(id, is_session_character))
    return {};
  return error{errc::invalid_argument,
               "read the session's name " + quoted_excerpt(id) +
                   ": expected 1 to 64 of the characters A-Z a-z 0-9 _ - ."};
}

std::string_view agent_of_model(std::string_view model) {
  constexpr std::string_view prefix = "agent:";
  return model.starts_with(prefix) ? model.substr(prefix.size()) : model;
}

expected<turn_request> to_turn(message_submission submission, std::string id) {
  if (auto checked = check_session_id(id); !checked)
    return checked.error();
  if (submission.message.empty())
    return error{errc::invalid_argument, "/message: it is empty"};
  if (submission.timeout) {
    if (auto checked = check_turn_time(*submission.timeout, "/timeout_ms"); !checked)
      return checked.error();
  }
  const auto& warmth = submission.temperature;
  if (warmth && !(*warmth >= 0 && *warmth <= 2))
    return error{errc::invalid_argument, "/temperature: expected 0 to 2"};
  turn_request turn;
  if (submission.agent)
    turn.agent = agent_of_model(*submission.agent);
  turn.session = std::move(id);
  turn.messages.push_back({.role = chat_role::user, .content = std::move(submission.message)});
  turn.timeout = submission.timeout;
  turn.level = submission.level;
  turn.how.temperature = submission.temperature;
  turn.how.tokens_max = submission.reply_tokens_max;
  return turn;
}

expected<void> take_headers(const http_request& request, const api_caller& caller,
                            turn_request& into) {
  auto key = idempotency_key(request);
  if (!key)
    return key.error();
  const auto time = asked_time(request);
  if (!time)
    return time.error();
  into.key = *std::move(key);
  into.trace = trace_parent(request);
  into.client = caller.client;
  if (*time && !into.timeout)
    into.timeout = **time;
  if (caller.key) {
    into.agents_allowed = caller.key->agents;
    if (!into.level)
      into.level = caller.key->level;
  }
  return {};
}

std::vector<chat_message> new_messages(std::vector<chat_message> all) {
  const auto last = std::ranges::find(all.rbegin(), all.rend(), chat_role::assistant,
                                      [](const chat_message& m) { return m.role; });
  all.erase(all.begin(), last.base());
  return all;
}

}  // namespace libagent
