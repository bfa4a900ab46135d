#include "apps/agent/remote.hpp"

#include "libagent/http/sse.hpp"
#include "libagent/record/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <optional>
#include <utility>

namespace libagent::app {

namespace {

/// The key of the API, from the environment; empty: none.
std::string own_api_key() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here ever changes the environment.
  const char* const key = std::getenv("AGENT_API_KEY");
  const std::string_view text{key == nullptr ? "" : key};
  return std::string{text.substr(0, text.find_first_of(" \t\r\n"))};
}

/// What to say when nobody listens there.
error with_advice(error failure) {
  if (failure.code == errc::unavailable)
    failure.context += " (is the server running? start it with: agent serve)";
  return failure;
}

/// What a status means when the code beside it is one of OpenAI's, or of a proxy.
errc code_of(int status) {
  switch (status) {
    case 400: return errc::invalid_argument;
    case 401: return errc::unauthenticated;
    case 403: return errc::permission_denied;
    case 404: return errc::not_found;
    case 429: return errc::rate_limited;
    case 502:
    case 503: return errc::unavailable;
    default: return errc::internal;
  }
}

std::string text_member(const nlohmann::json& shape, const char* name) {
  const auto found = shape.find(name);
  return found != shape.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// The failure that an answer in the error shape stands for.
error failure_of(const http_response& answer) {
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  const auto pointer = nlohmann::json::json_pointer{"/error"};
  if (!body.is_object() || !body.contains(pointer) || !body.at(pointer).is_object())
    return {errc::unavailable, "the server answered with status " + std::to_string(answer.status)};
  const auto& shape = body.at(pointer);
  const auto code = errc_from_string(text_member(shape, "code"));
  return {code.value_or(code_of(answer.status)), text_member(shape, "message")};
}

}  // namespace

remote_agent::remote_agent(std::string url) : url_{std::move(url)}, key_{own_api_key()} {
  while (url_.ends_with('/'))
    url_.pop_back();
}

void remote_agent::address(http_call& request) const {
  request.url.insert(0, url_);
  if (!key_.empty())
    request.headers.add("Authorization", "Bearer " + key_);
}

expected<std::string> remote_agent::call(http_call request) {
  address(request);
  auto answer = client_.send(request);
  if (!answer)
    return with_advice(answer.error());
  if (answer->status >= 300)
    return failure_of(*answer);
  return std::move(answer->body);
}

expected<void> remote_agent::events(http_call request,
                                    const std::function<void(const sse_event&)>& on_event) {
  address(request);
  sse_parser parser{on_event};
  std::optional<error> misread;
  bool has_begun = false;
  const auto streamed = client_.stream(request, [&](std::string_view piece) {
    has_begun = true;
    const auto fed = parser.feed(piece);
    if (!fed)
      misread = fed.error();
    return fed.has_value();
  });
  if (misread)
    return *misread;
  if (!streamed)
    return has_begun ? streamed.error() : with_advice(streamed.error());
  if (streamed->status >= 300)
    return failure_of(*streamed);
  return {};
}

expected<std::string> remote_agent::get(const std::string& path) {
  return call({.url = path});
}

expected<std::string> remote_agent::send(const std::string& method, const std::string& path,
                                         std::string json) {
  http_call request{.method = method, .url = path, .body = std::move(json)};
  if (!request.body.empty())
    request.headers.add("Content-Type", "application/json");
  return call(std::move(request));
}

expected<task_record> remote_agent::run(
    const task_submission& submission, const std::string& key, const std::stop_token& stop,
    const std::function<void(const task_progress&)>& on_progress) {
  http_call request{.method = "POST",
                    .url = "/v1/tasks",
                    .headers = {{"Content-Type", "application/json"}},
                    .body = to_json(submission)};
  if (!key.empty())
    request.headers.add("Idempotency-Key", key);
  const auto accepted = call(std::move(request));
  if (!accepted)
    return accepted.error();
  const auto record = from_json<task_record>(*accepted);
  if (!record)
    return record.error();
  return follow(to_string(record->id), stop, on_progress);
}

expected<task_record> remote_agent::follow(const std::string& id, const std::stop_token& stop,
                                           const std::function<void(const task_progress&)>& show) {
  expected<task_record> ended =
      error{errc::unavailable, "follow task " + id + ": the stream broke"};
  const auto take = [&](const sse_event& event) {
    if (event.event == "result") {
      ended = from_json<task_record>(event.data);
    } else if (event.event == "progress") {
      if (const auto progress = from_json<task_progress>(event.data))
        show(*progress);
    }
  };
  const auto streamed = events(
      {.url = "/v1/tasks/" + id + "/events", .timeout = std::chrono::milliseconds{0}, .stop = stop},
      take);
  if (!streamed && stop.stop_requested()) {
    if (auto cancelled = call({.method = "DELETE", .url = "/v1/tasks/" + id}); cancelled)
      return from_json<task_record>(*cancelled);
  }
  if (!streamed)
    return streamed.error();
  return ended;
}

}  // namespace libagent::app
