#include "tests/actors/sessions_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* callers_trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

turn_request traced_request(const std::string& trace) {
  turn_request request{.agent = "helper", .trace = trace};
  request.messages.push_back({.role = chat_role::user, .content = "the secret question"});
  return request;
}

/// The one of that name; fails the test when there is another number of them.
span only_span(const std::vector<span>& all, std::string_view name) {
  REQUIRE(std::ranges::count(all, name, &span::name) == 1);
  return *std::ranges::find(all, name, &span::name);
}

std::string attribute_text(const span& of, std::string_view name) {
  for (const auto& [key, value] : of.attributes) {
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && key == name)
      return *text;
  }
  return {};
}

bool says_anywhere(const span& of, std::string_view what) {
  const auto has = [what](const std::string& text) { return text.find(what) != std::string::npos; };
  return has(of.name) || has(of.status_message) ||
         std::ranges::any_of(of.attributes, [&](const auto& each) {
           const auto* text = std::get_if<std::string>(&each.second);
           return text != nullptr && has(*text);
         });
}

}  // namespace

TEST_CASE("a turn is a span below its caller's, its calls and tools are spans below it",
          "[sessions][spans]") {
  sessions_fixture f;
  f.model->add(calls("double", R"({"value":21})"));
  f.model->add(says("It is 42."));
  const auto heard = f.begin(traced_request(callers_trace));
  f.advance(1s);
  REQUIRE(heard->end);
  const auto all = f.spans->latest(100);
  REQUIRE(all.size() == 4);
  const auto turn = only_span(all, "invoke_agent helper");
  CHECK(trace_id_text(turn.context) == "0af7651916cd43dd8448eb211c80319c");
  CHECK(span_id_text(turn.parent_span_id) == "b7ad6b7169203331");
  CHECK(attribute_text(turn, "gen_ai.operation.name") == "invoke_agent");
  CHECK(attribute_text(turn, "gen_ai.agent.name") == "helper");
  const auto tool = only_span(all, "execute_tool double");
  CHECK(tool.parent_span_id == turn.context.span_id);
  CHECK(tool.context.trace_low == turn.context.trace_low);
  CHECK(attribute_text(tool, "gen_ai.tool.name") == "double");
  CHECK(tool.status == span_status::unset);
  CHECK(std::ranges::count(all, "chat any", &span::name) == 2);
  for (const auto& each : all) {
    if (each.name == "chat any")
      CHECK(each.parent_span_id == turn.context.span_id);
  }
}

TEST_CASE("spans hold nothing of what was said, asked of a tool or answered", "[sessions][spans]") {
  sessions_fixture f;
  f.model->add(calls("double", R"({"value":987654})"));
  f.model->add(says("the secret answer"));
  (void)f.begin(traced_request({}));
  f.advance(1s);
  REQUIRE(f.spans->latest(100).size() == 4);
  for (const auto& each : f.spans->latest(100)) {
    for (const auto* what : {"secret", "987654", "1975308", "Be brief"})
      CHECK_FALSE(says_anywhere(each, what));
  }
}

TEST_CASE("spans hold what was said when their sink wants that, up to its limit",
          "[sessions][spans]") {
  sessions_fixture f{nullptr, {}, 1'024};
  f.model->add(calls("double", R"({"value":21})"));
  f.model->add(says("It is " + std::string(2'000, '4')));
  (void)f.begin(traced_request({}));
  f.advance(1s);
  const auto all = f.spans->latest(100);
  const auto tool = only_span(all, "execute_tool double");
  CHECK(attribute_text(tool, "gen_ai.tool.call.arguments") == R"({"value":21})");
  CHECK(attribute_text(tool, "gen_ai.tool.call.result") == R"({"value":42})");
  const auto turn = only_span(all, "invoke_agent helper");
  CHECK(attribute_text(turn, "gen_ai.input.messages") ==
        R"([{"role":"user","parts":[{"type":"text","content":"the secret question"}]}])");
  const auto answer = attribute_text(turn, "gen_ai.output.messages");
  CHECK(answer.find("It is 444") != std::string::npos);
  CHECK(answer.size() <= 1'024);
  const auto asked = std::ranges::find(all, "chat any", &span::name);
  REQUIRE(asked != all.end());
  CHECK(attribute_text(*asked, "gen_ai.input.messages").find("Be brief") != std::string::npos);
  CHECK(attribute_text(*asked, "gen_ai.output.messages").find("tool_call") != std::string::npos);
}

TEST_CASE("a turn whose caller does not record makes no span", "[sessions][spans]") {
  sessions_fixture f;
  f.model->add(says("Yes."));
  (void)f.begin(traced_request("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"));
  f.advance(1s);
  CHECK(f.spans->latest(100).empty());
}

TEST_CASE("a turn that is cut short says so in its span", "[sessions][spans]") {
  sessions_fixture f;
  f.model->add(hangs());
  auto request = traced_request(callers_trace);
  request.timeout = 500ms;
  (void)f.begin(std::move(request));
  f.advance(2s);
  const auto turn = only_span(f.spans->latest(100), "invoke_agent helper");
  CHECK(turn.status == span_status::failed);
  CHECK(attribute_text(turn, "error.type") == "timeout");
  CHECK(turn.end_unix_nanos - turn.start_unix_nanos >= 500'000'000);  // deadlines have a grain
  CHECK(turn.end_unix_nanos - turn.start_unix_nanos < 1'000'000'000);
}

TEST_CASE("a turn that goes on after a crash stays in its trace", "[sessions][spans]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  f.model->add(hangs());
  auto request = traced_request(callers_trace);
  request.session = "s1";
  (void)f.begin(std::move(request));
  f.advance(1s);
  f.crash_sessions();
  f.model->add(says("Done."));
  f.start_sessions();
  f.advance(1s);
  const auto turn = only_span(f.spans->latest(100), "invoke_agent helper");
  CHECK(trace_id_text(turn.context) == "0af7651916cd43dd8448eb211c80319c");
}
