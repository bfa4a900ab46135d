#include "actors/http_api.hpp"

#include "tests/actors/api_fixture.hpp"

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;

TEST_CASE_METHOD(api_fixture, "a task posted with wait answers with its result", "[gateway]") {
  const auto body =
      call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":21},"wait":true})");
  CHECK(status() == 200);
  CHECK(body["state"] == "succeeded");
  CHECK(body["result"]["value"] == 42);
}

TEST_CASE_METHOD(api_fixture, "a task posted without wait is accepted, and can be looked up",
                 "[gateway]") {
  const auto accepted = call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":1}})");
  CHECK(status() == 202);
  const auto path = "/v1/tasks/" + accepted["id"].get<std::string>();
  CHECK(last->response->headers.find("Location") == path);
  CHECK(call("GET", path)["result"]["value"] == 2);
  CHECK(call("GET", "/v1/tasks")["data"].size() == 1);
}

TEST_CASE_METHOD(api_fixture, "bad submissions are answered with the path of what is wrong",
                 "[gateway]") {
  CHECK(call("POST", "/v1/tasks", "{")["error"]["code"] == "invalid_argument");
  CHECK(status() == 400);
  const auto mistyped =
      call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":"x"},"wait":true})");
  CHECK(status() == 400);
  CHECK_THAT(mistyped["error"]["message"].get<std::string>(), Catch::Contains("/value"));
  const auto unknown = call("POST", "/v1/tasks", R"({"tool":"dubble","wait":true})");
  CHECK(status() == 404);
  CHECK_THAT(unknown["error"]["message"].get<std::string>(), Catch::Contains("double"));
  CHECK(call("POST", "/v1/tasks", R"({"wait":true})")["error"]["type"] == "invalid_request_error");
}

TEST_CASE_METHOD(api_fixture, "an agent answers over its own route", "[gateway]") {
  const auto body = call("POST", "/v1/agents/parrot/ask", R"({"question":"hello"})");
  CHECK(status() == 200);
  CHECK(body["text"] == "hello");
  CHECK(last->response->headers.contains("X-Task-Id"));

  (void)call("POST", "/v1/agents/parrot/ask", R"({"question":"fail"})");
  CHECK(status() == 422);
  (void)call("POST", "/v1/agents/nobody/ask", R"({"question":"hello"})");
  CHECK(status() == 404);
  CHECK_THAT(call("POST", "/v1/agents/parrot/ask", "{}")["error"]["message"].get<std::string>(),
             Catch::Contains("question"));
}

TEST_CASE_METHOD(api_fixture, "a queued task is cancelled by DELETE, and by its client's leaving",
                 "[gateway]") {
  const auto accepted = call("POST", "/v1/tasks", R"({"tool":"crunch","arguments":{"value":1}})");
  CHECK(accepted["state"] == "queued");
  CHECK(call("DELETE", "/v1/tasks/" + accepted["id"].get<std::string>())["state"] == "cancelled");

  auto waiting =
      send("POST", "/v1/tasks", R"({"tool":"crunch","arguments":{"value":1},"wait":true})");
  CHECK_FALSE(last->response);
  waiting->disconnect();
  run();
  CHECK(call("GET", "/v1/tasks")["data"][0]["state"] == "cancelled");
}

TEST_CASE_METHOD(api_fixture, "a waiting request ends with its task's deadline", "[gateway]") {
  (void)send("POST", "/v1/tasks",
             R"({"tool":"crunch","arguments":{"value":1},"wait":true,"timeout_ms":200})");
  advance(std::chrono::milliseconds{300});
  REQUIRE(last->response);
  CHECK(status() == 504);
}

TEST_CASE_METHOD(api_fixture, "events of a task are streamed; of an unknown one refused",
                 "[gateway]") {
  const auto accepted = call("POST", "/v1/tasks", R"({"tool":"crunch","arguments":{"value":1}})");
  const auto path = "/v1/tasks/" + accepted["id"].get<std::string>();
  (void)send("GET", path + "/events");
  const auto stream = last;
  REQUIRE(stream->pieces.size() == 1);
  CHECK(stream->pieces[0].starts_with("event: state\n"));
  (void)call("DELETE", path);
  CHECK(stream->pieces.back().starts_with("event: result\n"));
  CHECK(stream->finished);

  (void)call("GET", "/v1/tasks/0190f0a0-0000-7000-8000-000000000000/events");
  CHECK(status() == 404);
  (void)call("GET", "/v1/tasks/42/events");
  CHECK(status() == 400);
}

TEST_CASE_METHOD(api_fixture, "tools and agents are listed with their descriptions", "[gateway]") {
  const auto tools = call("GET", "/v1/tools");
  REQUIRE(tools["data"].size() == 2);
  CHECK(tools["data"][1]["name"] == "double");
  CHECK(tools["data"][1]["input_schema"]["properties"]["value"]["description"] == "A number.");
  CHECK(call("GET", "/v1/agents")["data"][0]["name"] == "parrot");
}

TEST_CASE_METHOD(api_fixture, "a node is ready when both lanes have executors and it stays",
                 "[gateway]") {
  CHECK(call("GET", "/healthz")["status"] == "ok");
  CHECK(call("GET", "/readyz")["status"] == "starting");
  CHECK(status() == 503);
  start("tasks/workers/1",
        spawn<short_task_handler_impl>(executor_options{.kind = executor_kind::worker}));
  run();
  CHECK(call("GET", "/readyz")["status"] == "ready");
  api->start_draining();
  CHECK(call("GET", "/readyz")["status"] == "draining");
}

TEST_CASE_METHOD(api_fixture, "metrics carry our families and CAF's", "[gateway]") {
  (void)call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":1},"wait":true})");
  (void)send("GET", "/metrics");
  REQUIRE(last->response);
  CHECK_THAT(last->response->body,
             Catch::Contains("agent_tasks_ended_total{state=\"succeeded\"} 1"));
  CHECK_THAT(last->response->body, Catch::Contains("caf_system_running_actors"));
}

TEST_CASE_METHOD(api_fixture, "while a part restarts its requests answer 503, never silence",
                 "[gateway]") {
  auto waiting =
      send("POST", "/v1/tasks", R"({"tool":"crunch","arguments":{"value":1},"wait":true})");
  const auto outcome = last;
  waiting.reset();
  const auto dispatcher = find<dispatcher_actor>(system(), dispatcher_path);
  retract(system(), dispatcher_path);
  urgent_exit(dispatcher, caf::exit_reason::kill);
  run();
  REQUIRE(outcome->response);
  CHECK(outcome->response->status == 503);

  (void)call("GET", "/v1/tasks");
  CHECK(status() == 503);
  (void)call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":1},"wait":true})");
  CHECK(status() == 503);
}

TEST_CASE_METHOD(api_fixture, "unknown routes and wrong methods are told apart", "[gateway]") {
  (void)call("GET", "/v2/nothing");
  CHECK(status() == 404);
  (void)call("PUT", "/v1/tasks");
  CHECK(status() == 405);
}

TEST_CASE_METHOD(api_fixture, "what a web page of another site sends is refused", "[gateway]") {
  last = std::make_shared<exchange_outcome>();
  const auto exchange = std::make_shared<fake_exchange>(
      http_request{.method = "POST",
                   .path = "/v1/tasks",
                   .headers = {{"Host", "127.0.0.1:8080"}, {"Origin", "https://evil.example"}},
                   .body = R"({"tool":"double","arguments":{"value":21}})"},
      last);
  api->handle(exchange);
  run();
  REQUIRE(last->response);
  CHECK(status() == 403);
  CHECK(last->response->body.find("evil.example") != std::string::npos);
}
