#include "actors/session_door.hpp"

#include "libagent/http/sse.hpp"

#include "tests/actors/door_fixture.hpp"

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using Catch::Contains;

namespace {

turn_result told(std::string text) {
  return {.session = "s1", .agent = "docs", .text = std::move(text), .model = "stub/m", .steps = 1};
}

}  // namespace

TEST_CASE_METHOD(door_fixture, "a message in a session is answered with the turn's result",
                 "[door][session]") {
  (void)send("POST", "/v1/sessions/s1/messages", R"({"agent":"agent:docs","message":"hello"})");
  auto& turn = only_turn();
  CHECK(turn.request.session == "s1");
  CHECK(turn.request.agent == "docs");
  CHECK(turn.request.client == "alice");
  turn.observer->on_end(told("hi"));
  CHECK(status() == 200);
  CHECK(answer()["text"] == "hi");
  CHECK(answer()["state"] == "answered");
  CHECK(last->response->headers.contains("X-Request-Id"));
}

TEST_CASE_METHOD(door_fixture, "a message without an agent goes to whoever answered before",
                 "[door][session]") {
  (void)send("POST", "/v1/sessions/s1/messages", R"({"message":"hello"})");
  CHECK(only_turn().request.agent.empty());
}

TEST_CASE_METHOD(door_fixture, "a turn is told as events to those who ask for them",
                 "[door][session]") {
  headers.set("Accept", "text/event-stream");
  headers.set("X-Request-Id", "mine");
  (void)send("POST", "/v1/sessions/s1/messages", R"({"message":"hello"})");
  auto& observer = *only_turn().observer;
  observer.on_update(turn_tool_began{{.id = "c1", .name = "search"}});
  CHECK(last->stream_status == 200);
  CHECK(last->stream_headers.find("X-Request-Id") == "mine");
  observer.on_update(turn_tool_ended{.call = {.id = "c1", .name = "search"}, .output = "3"});
  observer.on_update(turn_handed_over{"coder"});
  observer.on_update(turn_text{"hi"});
  observer.on_end(told("hi"));
  CHECK(last->finished);
  std::vector<std::string> names;
  std::string end;
  sse_parser parser{[&](const sse_event& event) {
    names.push_back(event.event);
    end = event.data;
  }};
  REQUIRE(parser.feed(streamed()));
  CHECK(names ==
        std::vector<std::string>{"tool_began", "tool_ended", "handed_over", "text", "end"});
  CHECK(nlohmann::json::parse(end)["text"] == "hi");
}

TEST_CASE_METHOD(door_fixture, "a turn that failed says what there is of it", "[door][session]") {
  (void)send("POST", "/v1/sessions/s1/messages", R"({"message":"hello"})");
  auto result = told("half an ans");
  result.state = turn_state::failed;
  result.failure = error{errc::deadline_exceeded, "answer: out of time"};
  only_turn().observer->on_end(result);
  CHECK(status() == 504);
  CHECK(answer()["error"]["code"] == "deadline_exceeded");
  CHECK(answer()["turn"]["text"] == "half an ans");
}

TEST_CASE_METHOD(door_fixture, "messages that make no sense begin nothing", "[door][session]") {
  (void)send("POST", "/v1/sessions/s1/messages", R"({"text":"hello"})");
  CHECK(status() == 400);
  (void)send("POST", "/v1/sessions/a%20b/messages", R"({"message":"hello"})");
  CHECK(status() == 400);
  (void)send("POST", "/v1/sessions/s1/messages", R"({"agent":"cook","message":"hello"})");
  CHECK(status() == 404);
  CHECK(script->turns.empty());
}

TEST_CASE_METHOD(door_fixture, "sessions are listed and shown to whose they are",
                 "[door][session]") {
  script->views = {{.id = "s1", .agent = "docs", .turns = 3}};
  const auto listed = call("GET", "/v1/sessions?limit=7");
  CHECK(listed["data"][0]["id"] == "s1");
  REQUIRE(script->queries.size() == 1);
  CHECK(script->queries[0].client == "alice");
  CHECK(script->queries[0].limit == 7);
  CHECK(call("GET", "/v1/sessions/s1")["turns"] == 3);
  (void)call("GET", "/v1/sessions/s2");
  CHECK(status() == 404);
  headers.set("X-Client-Id", "eve");
  (void)call("GET", "/v1/sessions/s1");
  CHECK(status() == 404);
}

TEST_CASE_METHOD(door_fixture, "sessions are cancelled and removed by name", "[door][session]") {
  CHECK(call("POST", "/v1/sessions/s1/cancel")["cancelled"] == true);
  CHECK(script->cancelled == std::vector<session_name>{{"alice", "s1"}});
  CHECK(call("DELETE", "/v1/sessions/s1")["deleted"] == true);
  CHECK(script->erased == std::vector<session_name>{{"alice", "s1"}});
}

TEST_CASE_METHOD(door_fixture, "an approval is decided in the name of whoever asks",
                 "[door][session]") {
  const auto body =
      call("POST", "/v1/approvals/ap1", R"({"allowed":false,"reason":"too dangerous"})");
  CHECK(status() == 200);
  CHECK(body["session"] == "s1");
  CHECK(body["allowed"] == false);
  REQUIRE(script->decisions.size() == 1);
  CHECK(script->decisions[0].client == "alice");
  CHECK(script->decisions[0].reason == "too dangerous");
  (void)call("POST", "/v1/approvals/ap2", R"({"allowed":true})");
  CHECK(status() == 404);
  (void)call("POST", "/v1/approvals/ap1", R"({"reason":"?"})");
  CHECK(status() == 400);
}

TEST_CASE_METHOD(door_fixture, "while the sessions restart their routes answer 503",
                 "[door][session]") {
  retract(system(), sessions_path);
  (void)call("GET", "/v1/sessions/s1");
  CHECK(status() == 503);
  (void)call("POST", "/v1/sessions/s1/messages", R"({"message":"hello"})");
  CHECK(status() == 503);
}
