#include "libagent/session/conversation.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

conversation folded(std::vector<session_event> events) {
  conversation out;
  for (auto& event : events)
    REQUIRE(out.apply(std::move(event)).has_value());
  return out;
}

turn_began turn_of(std::string id, std::string text) {
  return {
      .id = std::move(id), .agent = "main", .messages = {{.content = std::move(text)}}, .at = 1};
}

step_taken step_of(std::string text, std::vector<tool_call> calls = {}) {
  return {.message = {.role = chat_role::assistant,
                      .content = std::move(text),
                      .tool_calls = std::move(calls)},
          .model = "m"};
}

std::vector<chat_message> read_by_model(const conversation& history) {
  std::vector<chat_message> out;
  for (const auto& entry : history.entries())
    append_messages(out, entry);
  return out;
}

}  // namespace

TEST_CASE("a call that a turn's end left open has a result that says what is known", "[session]") {
  const auto history =
      folded({turn_of("t", "x"), step_of("", {{"a", "pay", "{}"}, {"b", "pay", "{}"}}),
              tools_started{{"a"}}, turn_ended{turn_state::cancelled}});
  const auto messages = read_by_model(history);
  REQUIRE(messages.size() == 4);
  CHECK(messages[2].content.find("may or may not have happened") != std::string::npos);
  CHECK(messages[3].content.find("not run") != std::string::npos);
}

TEST_CASE("a model reads a result for each call, even in the middle of a step") {
  const auto history =
      folded({turn_of("t", "x"), step_of("", {{"a", "pay", "{}"}}), tools_started{{"a"}}});
  const auto messages = read_by_model(history);
  REQUIRE(messages.size() == 3);
  CHECK(messages[2].tool_call_id == "a");
}

TEST_CASE("events that cannot follow on what was are damage, and change nothing") {
  const std::vector<session_event> wrong{
      step_of("x"),          tools_started{{"a"}}, tool_ended{"a"}, approval_asked{{"a"}},
      approval_decided{"a"}, handed_over{"b"},     summarised{1},   turn_ended{}};
  for (const auto& event : wrong) {
    conversation history;
    const auto done = history.apply(event);
    INFO(kind_of(event));
    CHECK(done.error().code == errc::corrupt);
    CHECK(history == conversation{});
  }
  auto history = folded({turn_of("t", "x"), step_of("", {{"a", "pay", "{}"}})});
  CHECK_FALSE(history.apply(turn_of("u", "y")).has_value());
  CHECK_FALSE(history.apply(step_of("y")).has_value());
}

TEST_CASE("a replay names the event that is damaged") {
  std::vector<std::string> events{encode_event(turn_of("t", "x")), encode_event(turn_ended{}),
                                  encode_event(turn_ended{})};
  const auto misplaced = conversation::replay(events);
  CHECK(misplaced.error().code == errc::corrupt);
  CHECK(misplaced.error().context.find("replay event 2") == 0);
  events[1] = "{";
  CHECK(conversation::replay(events).error().context.find("replay event 1") == 0);
}

TEST_CASE("malformed arguments of somebody else's history are kept as an empty object") {
  auto began = turn_of("t", "x");
  began.messages.push_back(
      {.role = chat_role::assistant, .tool_calls = {{"a", "theirs", "{oops"}}});
  began.messages.push_back({.role = chat_role::tool, .content = "r", .tool_call_id = "a"});
  const auto history = folded({began});
  CHECK(history.entries().back().calls[0].call.arguments == "{}");
  CHECK(history.entries().back().calls[0].output == "r");
}

TEST_CASE("results must answer calls that were made just before") {
  const conversation history;
  const std::vector<chat_message> stray{
      {.content = "x"}, {.role = chat_role::tool, .content = "r", .tool_call_id = "a"}};
  const auto done = history.check(stray);
  CHECK(done.error().code == errc::invalid_argument);
  CHECK(done.error().context.find("messages/1") == 0);
}

TEST_CASE("a summary takes the place of the oldest entries") {
  auto history = folded({turn_of("t", "x"), step_of("y"), turn_ended{}, turn_of("u", "z"),
                         summarised{2, "they said x and y"}});
  CHECK(history.entries().size() == 1);
  CHECK(history.summary() == "they said x and y");
  CHECK(history.view().messages.front().content == "they said x and y");
  REQUIRE(history.apply(step_of("end")).has_value());
  CHECK(history.result().text == "end");
}

TEST_CASE("a packed conversation takes little more memory than its texts") {
  auto history =
      folded({turn_of("t", std::string(100, 'x')), step_of(std::string(300, 'y')), turn_ended{},
              turn_of("u", std::string(100, 'x')), step_of(std::string(300, 'y')), turn_ended{}});
  history.pack();
  CHECK(history.bytes() < sizeof(conversation) + sizeof(turn_facts) + 900);
  CHECK(history.entries().size() == 4);
}

TEST_CASE("a conversation that was packed reads and goes on as before") {
  const std::vector<session_event> events{
      turn_began{.id = "t",
                 .agent = "main",
                 .messages = {{.role = chat_role::system, .content = "be brief"},
                              {.content = "look", .name = "ann", .parts = {R"([{"type":"text"}])"}},
                              {.content = std::string{"not \xff UTF-8 \0", 13}}},
                 .at = 1},
      step_of("", {{"a", "pay", R"({"x":1})"}, {"b", "pay", "{}"}}), tools_started{{"a"}},
      tool_ended{.call = "a", .output = "paid"}, approval_asked{{"b"}}};
  auto packed = folded(events);
  packed.pack();
  packed.pack();
  CHECK(packed == folded(events));
  packed.pack();
  REQUIRE(packed.approvals().size() == 1);
  packed.pack();
  REQUIRE(packed.apply(turn_ended{turn_state::cancelled}).has_value());
  CHECK(packed.entries().size() == 4);
  CHECK(packed.view().messages.back().content == "not run: the turn was cancelled");
}
