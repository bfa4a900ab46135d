#include "libagent/api/task_reply.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace libagent;

namespace {

task_record record_in(task_state state) {
  task_record record;
  record.id = make_task_id(1'700'000'000'000, 1, 2);
  record.target = "calculate";
  record.state = state;
  return record;
}

}  // namespace

TEST_CASE("a task that succeeded answers 200 with its record and result", "[api]") {
  auto record = record_in(task_state::succeeded);
  record.result = raw_json{R"({"value":3})"};
  const auto reply = ended_reply(record);
  CHECK(reply.status == 200);
  const auto body = nlohmann::json::parse(reply.body);
  CHECK(body["result"]["value"] == 3);
  CHECK(body["state"] == "succeeded");
}

TEST_CASE("a task that failed answers with the error's status, shape and the record", "[api]") {
  auto record = record_in(task_state::expired);
  record.failure = error{errc::deadline_exceeded, "run calculate: not done within 5 ms"};
  const auto reply = ended_reply(record);
  CHECK(reply.status == 504);
  const auto body = nlohmann::json::parse(reply.body);
  CHECK(body["error"]["code"] == "deadline_exceeded");
  CHECK(body["error"]["message"] == "run calculate: not done within 5 ms");
  CHECK(body["error"].contains("type"));
  CHECK(body["error"].contains("param"));
  CHECK(body["task"]["id"] == to_string(record.id));
}

TEST_CASE("waiting for the end of a task that has not ended is a bug", "[api]") {
  CHECK_THROWS(ended_reply(record_in(task_state::running)));
}

TEST_CASE("a stream is told of states, then of progress within one, then of the result", "[api]") {
  auto running = record_in(task_state::running);
  CHECK(change_event(running, task_state::queued).event == "state");

  running.progress = task_progress{.fraction = 0.25, .message = "a"};
  const auto progress = change_event(running, task_state::running);
  CHECK(progress.event == "progress");
  CHECK(nlohmann::json::parse(progress.data)["fraction"] == 0.25);

  CHECK(change_event(record_in(task_state::cancelled), task_state::running).event == "result");
}

TEST_CASE("a stream that joins late is first told of the state", "[api]") {
  auto running = record_in(task_state::running);
  running.progress = task_progress{.fraction = 0.25, .message = "a"};
  CHECK(change_event(running, std::nullopt).event == "state");
}
