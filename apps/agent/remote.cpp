#include "apps/agent/remote.hpp"

#include "libagent/http/sse.hpp"
#include "libagent/record/json.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace libagent::app {

namespace {

/// The failure that an answer in the error shape stands for.
error failure_of(const http_response& answer) {
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  const auto pointer = nlohmann::json::json_pointer{"/error"};
  if (!body.is_object() || !body.contains(pointer) || !body.at(pointer).is_object())
    return {errc::unavailable, "the server answered with status " + std::to_string(answer.status)};
  const auto& shape = body.at(pointer);
  const auto code = errc_from_string(shape.value("code", std::string{"internal"}));
  return {code.value_or(errc::internal), shape.value("message", std::string{"no message"})};
}

}  // namespace

remote_agent::remote_agent(std::string url) : url_{std::move(url)} {
  while (url_.ends_with('/'))
    url_.pop_back();
}

expected<std::string> remote_agent::call(http_call request) {
  request.url.insert(0, url_);
  auto answer = client_.send(request);
  if (!answer && answer.error().code == errc::unavailable) {
    return error{errc::unavailable,
                 answer.error().context + " (is the server running? start it with: agent serve)"};
  }
  if (!answer)
    return answer.error();
  if (answer->status >= 300)
    return failure_of(*answer);
  return std::move(answer->body);
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
  sse_parser events{[&](const sse_event& event) {
    if (event.event == "result") {
      ended = from_json<task_record>(event.data);
    } else if (event.event == "progress") {
      if (const auto progress = from_json<task_progress>(event.data))
        show(*progress);
    }
  }};
  const auto streamed =
      client_.stream({.url = url_ + "/v1/tasks/" + id + "/events",
                      .timeout = std::chrono::milliseconds{0},
                      .stop = stop},
                     [&events](std::string_view piece) { return events.feed(piece).has_value(); });
  if (!streamed && stop.stop_requested()) {
    if (auto cancelled = call({.method = "DELETE", .url = "/v1/tasks/" + id}); cancelled)
      return from_json<task_record>(*cancelled);
  }
  if (!streamed)
    return streamed.error();
  if (streamed->status >= 300)
    return failure_of(*streamed);
  return ended;
}

}  // namespace libagent::app
