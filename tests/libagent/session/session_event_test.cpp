#include "libagent/session/session_event.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

turn_began full_turn() {
  turn_began out{.id = "t1", .key = "k", .agent = "main", .at = 5};
  out.messages = {{.role = chat_role::assistant,
                   .content = "c\n\"",
                   .tool_calls = {{"i", "n", R"({"a":1})"}},
                   .name = "me"},
                  {.role = chat_role::tool, .content = "r", .tool_call_id = "i"},
                  {.parts = {R"([{"text":"x","type":"text"}])"}}};
  out.terms = {.client = "c",
               .trace = "00-1",
               .client_tools = {{"n", "d", {R"({"type":"object"})"}, true}},
               .choice = {tool_choice_mode::function, "n"},
               .parallel_tool_calls = false,
               .format = {reply_format_kind::json_schema, "s", {"{}"}, true},
               .how = {.temperature = 0.1, .seed = -3, .stop = {"\n"}, .reasoning_effort = "low"},
               .level = criticality::sheddable,
               .limits = {.steps = 3},
               .deadline = 99};
  return out;
}

}  // namespace

TEST_CASE("each kind of event reads back as it was written", "[session]") {
  const std::vector<session_event> all{
      full_turn(),
      turn_began{.id = "t", .agent = "a", .messages = {{.content = "x"}}},
      step_taken{.message = {.role = chat_role::assistant, .tool_calls = {{"i", "n", "{}"}}},
                 .finish = finish_reason::tool_calls,
                 .model = "m",
                 .usage = {1, 2, 3, 4, true},
                 .cost_micro = 5,
                 .prompt_bytes = 6,
                 .found = false,
                 .citations = {{"f", 1, 2, "q"}}},
      tools_started{{"a", "b"}},
      tool_ended{.call = "a", .output = "o", .succeeded = false, .took = 7ms, .usage = {1, 1}},
      approval_asked{{"a"}, 1'000ms},
      approval_decided{"a", true, "me", 77},
      handed_over{"b"},
      summarised{3, "s", {4, 5}, 6},
      turn_ended{turn_state::failed, error{errc::tool_failed, "x", 5ms}, "hit", 8},
      turn_ended{}};
  for (const auto& event : all) {
    const auto text = encode_event(event);
    INFO(text);
    const auto read = decode_event(text);
    REQUIRE(read.has_value());
    CHECK(*read == event);
  }
}

TEST_CASE("a usual step takes little more than its text") {
  const step_taken step{
      .message = {.role = chat_role::assistant, .content = "hi"}, .model = "m", .usage = {100, 10}};
  CHECK(encode_event(step) ==
        R"({"v":1,"k":"step","m":{"r":"assistant","c":"hi"},"by":"m","u":{"p":100,"c":10}})");
}

TEST_CASE("an event of a later version or of an unknown kind is named, and nothing is guessed") {
  const auto later = decode_event(R"({"v":2,"k":"step"})");
  CHECK(later.error().code == errc::unsupported);
  CHECK(later.error().context.find("version 2") != std::string::npos);
  const auto unknown = decode_event(R"({"v":1,"k":"dance"})");
  CHECK(unknown.error().code == errc::unsupported);
  CHECK(unknown.error().context.find("\"dance\"") != std::string::npos);
}

TEST_CASE("damage of an event is named") {
  const auto code = [](std::string_view text) { return decode_event(text).error().code; };
  CHECK(code("") == errc::corrupt);
  CHECK(code(R"({"v":1,"k":"step)") == errc::corrupt);
  CHECK(code(R"({"v":1,"k":"hand","agent":"a")") == errc::corrupt);
  CHECK(code(R"({"v":1,"k":"hand","agent":1})") == errc::corrupt);
  CHECK(decode_event(R"({"v":1,"k":"hand","agent":1})").error().context ==
        "read hand: /agent: expected string, got number 1");
}
