// What clients hear when they ask for too much.

#include "tests/actors/api_fixture.hpp"

using namespace libagent;
using namespace libagent::testing;

TEST_CASE_METHOD(api_fixture, "a client over its share gets 429 and a time, another is served",
                 "[gateway][overload]") {
  const std::string crunch = R"({"tool":"crunch","arguments":{"value":1}})";
  headers.set("X-Client-Id", "greedy");
  for (int i = 0; i < 4; ++i) {
    (void)call("POST", "/v1/tasks", crunch);
    CHECK(status() == 202);
  }
  const auto refused = call("POST", "/v1/tasks", crunch);
  CHECK(status() == 429);
  CHECK(refused["error"]["type"] == "rate_limit_error");
  CHECK(last->response->headers.contains("Retry-After"));
  headers.set("X-Client-Id", "modest");
  CHECK(call("POST", "/v1/tasks", crunch)["client"] == "modest");
  CHECK(status() == 202);
}

TEST_CASE_METHOD(api_fixture, "a full lane answers 503 with a time to come back",
                 "[gateway][overload]") {
  for (int i = 0; i < 8; ++i) {
    headers.set("X-Client-Id", "client-" + std::to_string(i));
    (void)call("POST", "/v1/tasks", R"({"tool":"crunch","arguments":{"value":1}})");
  }
  headers.set("X-Client-Id", "late");
  const auto refused =
      call("POST", "/v1/tasks", R"({"tool":"crunch","arguments":{"value":1},"wait":true})");
  CHECK(status() == 503);
  CHECK(refused["error"]["code"] == "overloaded");
  CHECK(last->response->headers.find("Retry-After") == "1");
}

TEST_CASE_METHOD(api_fixture, "without a name a client is its address, and bad names are refused",
                 "[gateway][overload]") {
  const std::string twice = R"({"tool":"double","arguments":{"value":1},"wait":true})";
  CHECK(call("POST", "/v1/tasks", twice)["client"] == "192.0.2.1");
  headers.set("X-Client-Id", std::string(200, 'x'));
  CHECK(call("POST", "/v1/tasks", twice)["error"]["code"] == "invalid_argument");
  CHECK(status() == 400);
  headers.set("X-Client-Id", "two words");
  (void)call("POST", "/v1/tasks", twice);
  CHECK(status() == 400);
}

TEST_CASE_METHOD(api_fixture, "criticality travels with the request", "[gateway][overload]") {
  const auto record =
      call("POST", "/v1/tasks",
           R"({"tool":"double","arguments":{"value":1},"criticality":"sheddable","wait":true})");
  CHECK(record["criticality"] == "sheddable");
  (void)call("POST", "/v1/tasks", R"({"tool":"double","criticality":"vital"})");
  CHECK(status() == 400);
}

TEST_CASE_METHOD(api_fixture, "the status shows lanes, refusals and tools", "[gateway]") {
  (void)call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":1},"wait":true})");
  (void)call("POST", "/v1/tasks", R"({"tool":"dubble","wait":true})");
  const auto shown = call("GET", "/v1/status");
  CHECK(shown["node"] == "local");
  CHECK(shown["dispatcher"]["interactive"]["accepted"] == 1);
  CHECK(shown["dispatcher"]["interactive"]["refused"] == 1);
  CHECK(shown["dispatcher"]["slowest"][0]["tool"] == "double");
  (void)send("GET", "/metrics");
  CHECK_THAT(
      last->response->body,
      Catch::Contains(R"(agent_tasks_refused_total{lane="interactive",reason="invalid"} 1)"));
}
