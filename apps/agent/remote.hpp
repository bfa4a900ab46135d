#pragma once

#include "libagent/adapters/http_client.hpp"
#include "libagent/api/submission.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/http/sse.hpp"
#include "libagent/supervision/tree.hpp"
#include "libagent/tasks/task.hpp"

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace libagent::app {

/// A running agent server, as the command line uses it. When the environment has AGENT_API_KEY,
/// it is the key of every request. Thread safety: none.
class remote_agent {
public:
  /// `url` is for example http://127.0.0.1:8080.
  explicit remote_agent(std::string url);

  /// The body of `GET path`. Errors: what the server answered, or that it cannot be reached.
  [[nodiscard]] expected<std::string> get(const std::string& path);

  /// The body of the answer to any other call; `json` is sent when it is not empty. Errors: as
  /// `get`.
  [[nodiscard]] expected<std::string> send(const std::string& method, const std::string& path,
                                           std::string json = {});

  /// Passes the events of an answer on until its end; `request.url` is a path. Errors: as `get`;
  /// `unavailable` when the stream broke, `cancelled` on the request's stop.
  [[nodiscard]] expected<void> events(http_call request,
                                      const std::function<void(const sse_event&)>& on_event);

  /// Runs a task there and waits for its end. `stop` cancels it. With a `key` that was used before
  /// it is the end of that task.
  [[nodiscard]] expected<task_record> run(
      const task_submission& submission, const std::string& key, const std::stop_token& stop,
      const std::function<void(const task_progress&)>& on_progress);

private:
  [[nodiscard]] expected<std::string> call(http_call request);
  [[nodiscard]] expected<task_record> follow(const std::string& id, const std::stop_token& stop,
                                             const std::function<void(const task_progress&)>& show);

  /// `path` on the server, with the key.
  void address(http_call& request) const;

  std::string url_;
  std::string key_;
  http_client client_;
};

}  // namespace libagent::app
