#include "actors/openai_door.hpp"

#include "tests/actors/door_fixture.hpp"

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using Catch::Contains;

namespace {

constexpr const char* hello =
    R"({"model":"agent:docs","messages":[{"role":"user","content":"hello"}]})";
constexpr const char* hello_streamed =
    R"({"model":"docs","stream":true,"stream_options":{"include_usage":true},)"
    R"("messages":[{"role":"user","content":"hello"}]})";

turn_result answered(std::string text) {
  return {.agent = "docs",
          .text = std::move(text),
          .model = "stub/m",
          .usage = {.prompt = 5, .completion = 2},
          .steps = 1};
}

/// The JSON documents of an event stream without names; `[DONE]` becomes a string.
std::vector<nlohmann::json> door_events_of(const std::string& stream) {
  std::vector<nlohmann::json> events;
  sse_parser parser{[&events](const sse_event& event) {
    CHECK(event.event.empty());
    events.push_back(event.data == "[DONE]" ? nlohmann::json("[DONE]")
                                            : nlohmann::json::parse(event.data));
  }};
  CHECK(parser.feed(stream));
  return events;
}

/// The reply's text, put together as a client does it.
std::string text_of(const std::vector<nlohmann::json>& events) {
  std::string text;
  for (const auto& event : events) {
    if (event.is_object() && event.contains("choices") && !event["choices"].empty())
      text += event["choices"][0]["delta"].value("content", "");
  }
  return text;
}

}  // namespace

TEST_CASE_METHOD(door_fixture, "a completion is a turn of an agent, kept nowhere", "[door]") {
  (void)send("POST", "/v1/chat/completions", hello);
  CHECK_FALSE(last->response);
  auto& turn = only_turn();
  CHECK(turn.request.agent == "docs");
  CHECK(turn.request.session.empty());
  CHECK(turn.request.client == "alice");
  REQUIRE(turn.request.messages.size() == 1);
  CHECK(turn.request.messages[0].content == "hello");

  turn.observer->on_end(answered("hi"));
  const auto body = answer();
  CHECK(status() == 200);
  CHECK(body["object"] == "chat.completion");
  CHECK(body["model"] == "agent:docs");
  CHECK(body["created"] == 1'700'000'000);
  CHECK(body["choices"][0]["message"]["content"] == "hi");
  CHECK(body["choices"][0]["finish_reason"] == "stop");
  CHECK(body["usage"]["total_tokens"] == 7);
  CHECK(body["libagent"]["state"] == "answered");
  CHECK(last->response->headers.find("X-Request-Id").value_or("").starts_with("req-"));
}

TEST_CASE_METHOD(door_fixture, "a streamed completion arrives as it is written", "[door]") {
  (void)send("POST", "/v1/chat/completions", hello_streamed);
  CHECK_FALSE(last->stream_status);
  auto& turn = only_turn();
  turn.observer->on_update(turn_text{"he"});
  CHECK(last->stream_status == 200);
  CHECK(last->stream_headers.find("Content-Type").value_or("").starts_with("text/event-stream"));
  CHECK(last->stream_headers.contains("X-Request-Id"));
  CHECK(text_of(door_events_of(streamed())) == "he");
  turn.observer->on_update(turn_text{"llo"});
  turn.observer->on_end(answered("hello"));
  CHECK(last->finished);

  const auto events = door_events_of(streamed());
  CHECK(text_of(events) == "hello");
  CHECK(events.front()["choices"][0]["delta"]["role"] == "assistant");
  CHECK(events.back() == "[DONE]");
  CHECK(events[events.size() - 2]["usage"]["total_tokens"] == 7);
  const auto& end = events[events.size() - 3];
  CHECK(end["choices"][0]["finish_reason"] == "stop");
  CHECK(end["libagent"]["agent"] == "docs");
  for (std::size_t i = 0; i + 1 < events.size(); ++i)
    CHECK(events[i]["id"] == events[0]["id"]);
}

TEST_CASE_METHOD(door_fixture, "an answer that was not streamed is sent at its end", "[door]") {
  (void)send("POST", "/v1/chat/completions", hello_streamed);
  only_turn().observer->on_end(answered("all at once"));
  const auto events = door_events_of(streamed());
  CHECK(text_of(events) == "all at once");
  CHECK(events.back() == "[DONE]");
}

TEST_CASE_METHOD(door_fixture, "what was said before a tool ran is a paragraph of its own",
                 "[door]") {
  (void)send("POST", "/v1/chat/completions", hello_streamed);
  auto& observer = *only_turn().observer;
  observer.on_update(turn_text{"Let me look."});
  observer.on_update(turn_step_ended{1});
  observer.on_update(turn_tool_began{{.id = "c1", .name = "search"}});
  observer.on_update(turn_tool_ended{.call = {.id = "c1", .name = "search"}});
  observer.on_update(turn_text{"Found"});
  observer.on_update(turn_text{" it."});
  observer.on_end(answered("Found it."));
  CHECK(text_of(door_events_of(streamed())) == "Let me look.\n\nFound it.");
}

TEST_CASE_METHOD(door_fixture, "calls of the client's own tools are streamed piece by piece",
                 "[door]") {
  (void)send("POST", "/v1/chat/completions",
             R"({"model":"docs","stream":true,"messages":[{"role":"user","content":"x"}],
                 "tools":[{"type":"function","function":{"name":"f","parameters":{}}}]})");
  auto& turn = only_turn();
  REQUIRE(turn.request.client_tools.size() == 1);
  CHECK(turn.request.client_tools[0].name == "f");
  turn.observer->on_update(turn_call_piece{{.index = 0, .id = "c1", .name = "f"}});
  turn.observer->on_update(turn_call_piece{{.index = 0, .arguments = "{}"}});
  auto result = answered("");
  result.state = turn_state::calls_client;
  result.calls = {{.id = "c1", .name = "f", .arguments = "{}"}};
  turn.observer->on_end(result);
  std::string arguments;
  std::string finish;
  for (const auto& event : door_events_of(streamed())) {
    if (!event.is_object() || event["choices"].empty())
      continue;
    const auto& choice = event["choices"][0];
    if (choice["delta"].contains("tool_calls"))
      arguments += choice["delta"]["tool_calls"][0]["function"].value("arguments", "");
    if (choice["finish_reason"].is_string())
      finish = choice["finish_reason"];
  }
  CHECK(arguments == "{}");
  CHECK(finish == "tool_calls");
}

TEST_CASE_METHOD(door_fixture, "a slow reader closes the gate of its own turn until it has read",
                 "[door]") {
  const auto slow = send("POST", "/v1/chat/completions", hello_streamed);
  (void)send("POST", "/v1/chat/completions", hello_streamed);
  auto& turn = script->turns.at(0);
  const auto gate = turn.observer->flow();
  REQUIRE(gate);
  int opened = 0;
  gate->on_open([&opened] { ++opened; });
  turn.observer->on_update(turn_text{"a"});
  CHECK(gate->is_open());
  slow->congest();
  turn.observer->on_update(turn_text{"b"});
  CHECK_FALSE(gate->is_open());
  CHECK(script->turns.at(1).observer->flow()->is_open());
  slow->drain();
  CHECK(gate->is_open());
  CHECK(opened == 1);
}

TEST_CASE_METHOD(door_fixture, "a client that leaves ends its turn, unless it comes back for it",
                 "[door]") {
  send("POST", "/v1/chat/completions", hello)->disconnect();
  CHECK(only_turn().request.stop.stop_requested());
  lose_turns();

  headers.set("Idempotency-Key", "k1");
  const auto exchange = send("POST", "/v1/chat/completions", hello_streamed);
  auto& turn = only_turn();
  CHECK(turn.request.key == "k1");
  turn.observer->on_update(turn_text{"a"});
  exchange->congest();
  turn.observer->on_update(turn_text{"b"});
  exchange->disconnect();
  CHECK_FALSE(turn.request.stop.stop_requested());
  CHECK(turn.observer->flow()->is_open());
}

TEST_CASE_METHOD(door_fixture, "a turn that fails before its first word is an error answer",
                 "[door]") {
  for (const auto* body : {hello, hello_streamed}) {
    (void)send("POST", "/v1/chat/completions", body);
    only_turn().observer->on_end(
        {.state = turn_state::failed, .failure = error{errc::context_too_long, "too long"}});
    CHECK(status() == 400);
    CHECK(answer()["error"]["code"] == "context_length_exceeded");
    CHECK(last->response->headers.find("x-should-retry") == "false");
    CHECK_FALSE(last->stream_status);
    lose_turns();
  }
}

TEST_CASE_METHOD(door_fixture, "a turn that fails later ends its stream with the error", "[door]") {
  (void)send("POST", "/v1/chat/completions", hello_streamed);
  auto& observer = *only_turn().observer;
  observer.on_update(turn_text{"he"});
  observer.on_end({.state = turn_state::failed, .failure = error{errc::unavailable, "cut"}});
  const auto events = door_events_of(streamed());
  CHECK(events.back()["error"]["code"] == "unavailable");
  CHECK(last->finished);
}

TEST_CASE_METHOD(door_fixture, "a turn that is refused answers why, one that is lost with 503",
                 "[door]") {
  (void)send("POST", "/v1/chat/completions", hello_streamed);
  only_turn().observer->on_refused({errc::overloaded, "begin a turn: too many are open"});
  CHECK(status() == 503);
  CHECK(last->response->headers.contains("Retry-After"));
  lose_turns();

  (void)send("POST", "/v1/chat/completions", hello);
  lose_turns();
  CHECK(status() == 503);

  retract(system(), sessions_path);
  (void)send("POST", "/v1/chat/completions", hello);
  CHECK(status() == 503);
}

TEST_CASE_METHOD(door_fixture, "a completion that names a session goes on with it", "[door]") {
  constexpr const char* conversation =
      R"({"model":"docs","metadata":{"session":"s1"},"messages":[
          {"role":"user","content":"one"},{"role":"assistant","content":"1"},
          {"role":"user","content":"two"}]})";
  (void)send("POST", "/v1/chat/completions", conversation);
  CHECK(only_turn().request.session == "s1");
  CHECK(only_turn().request.keeps_handover);
  REQUIRE(only_turn().request.messages.size() == 1);
  CHECK(only_turn().request.messages[0].content == "two");
  lose_turns();

  headers.set("X-Session-Id", "s2");
  (void)send("POST", "/v1/chat/completions", conversation);
  CHECK(only_turn().request.session == "s2");
  headers.set("X-Session-Id", "not a name");
  (void)send("POST", "/v1/chat/completions", conversation);
  CHECK(status() == 400);
}

TEST_CASE_METHOD(door_fixture, "what cannot be asked is refused in OpenAI's shape", "[door]") {
  CHECK(call("POST", "/v1/chat/completions", "{")["error"]["type"] == "invalid_request_error");
  CHECK(status() == 400);
  const auto unknown = call("POST", "/v1/chat/completions",
                            R"({"model":"doc","messages":[{"role":"user","content":"x"}]})");
  CHECK(status() == 404);
  CHECK(unknown["error"]["code"] == "model_not_found");
  CHECK(last->response->headers.contains("X-Request-Id"));
  CHECK_THAT(unknown["error"]["message"].get<std::string>(), Contains("docs"));
  CHECK(script->turns.empty());
}

TEST_CASE_METHOD(door_fixture, "each agent is a model, by either of its names", "[door]") {
  const auto listed = call("GET", "/v1/models");
  CHECK(listed["object"] == "list");
  REQUIRE(listed["data"].size() == 2);
  CHECK(listed["data"][0]["id"] == "agent:docs");
  CHECK(listed["data"][0]["object"] == "model");
  CHECK(call("GET", "/v1/models/agent%3Acoder")["id"] == "agent:coder");
  CHECK(call("GET", "/v1/models/coder")["id"] == "agent:coder");
  CHECK(call("GET", "/v1/models/cook")["error"]["code"] == "model_not_found");
  CHECK(status() == 404);
}

TEST_CASE_METHOD(door_fixture, "embeddings come from the model gateway, in the form asked for",
                 "[door]") {
  (void)send("POST", "/v1/embeddings", R"({"model":"stub/e","input":["a","b"]})");
  REQUIRE(orders->size() == 1);
  CHECK(orders->at(0).model == "stub/e");
  CHECK(orders->at(0).client == "alice");
  CHECK(orders->at(0).call->inputs == std::vector<std::string>{"a", "b"});
  orders->at(0).call->on_end(
      embedding_call::reply{.model = "e", .embeddings = {{1, 2}, {3, 4}}, .usage = {.prompt = 2}});
  CHECK(answer()["data"][1]["embedding"] == nlohmann::json{3, 4});
  CHECK(answer()["usage"]["total_tokens"] == 2);

  (void)send("POST", "/v1/embeddings",
             R"({"model":"stub/e","input":"a","encoding_format":"base64"})");
  orders->at(1).call->on_end(embedding_call::reply{.model = "e", .embeddings = {{1}}});
  CHECK(answer()["data"][0]["embedding"] == "AACAPw==");

  send("POST", "/v1/embeddings", R"({"model":"stub/e","input":"a"})")->disconnect();
  CHECK(orders->at(2).call->stop.stop_requested());
  orders->at(2).call->on_end(error{errc::unauthenticated, "bad key"});
  CHECK(status() == 502);
}
