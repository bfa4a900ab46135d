#include "libagent/api/turn_reply.hpp"

#include "libagent/api/session_events.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using Catch::Contains;

namespace {

turn_result failed_with(errc code) {
  return {.state = turn_state::failed, .failure = error{code, "ask the model: no"}};
}

}  // namespace

TEST_CASE("failures have the codes that OpenAI's clients branch on", "[api][openai]") {
  CHECK(to_openai_error({errc::not_found, "x"}).code == "model_not_found");
  CHECK(to_openai_error({errc::context_too_long, "x"}).code == "context_length_exceeded");
  CHECK(to_openai_error({errc::context_too_long, "x"}).status == 400);
  CHECK(to_openai_error({errc::rate_limited, "x"}).code == "rate_limit_exceeded");
  CHECK(to_openai_error({errc::budget_exceeded, "x"}).type == "insufficient_quota");
  CHECK(to_openai_error({errc::overloaded, "x"}).status == 503);
}

TEST_CASE("what a provider says about us is not the client's doing", "[api][openai]") {
  for (const auto code : {errc::unauthenticated, errc::permission_denied, errc::not_found}) {
    CHECK(failed_turn_reply(failed_with(code)).status == 502);
    CHECK(refused_turn_reply({code, "x"}).status != 502);
  }
  CHECK_THAT(failed_turn_reply(failed_with(errc::unauthenticated)).body,
             Contains("upstream_unauthenticated"));
}

TEST_CASE("only a turn that was not begun may be tried again unasked", "[api][openai]") {
  CHECK(failed_turn_reply(failed_with(errc::unavailable)).headers.find("x-should-retry") ==
        "false");
  CHECK_FALSE(refused_turn_reply({errc::unavailable, "x"}).headers.contains("x-should-retry"));
  CHECK(refused_turn_reply({errc::budget_exceeded, "x"}).headers.find("x-should-retry") == "false");
}

TEST_CASE("a turn that failed without a reason still has an answer", "[api][openai]") {
  CHECK(failed_turn_reply({.state = turn_state::failed}).status == 500);
  CHECK(failed_turn_reply({.state = turn_state::cancelled}).status == 499);
}

TEST_CASE("a turn that waits for a person says where to decide", "[api][openai]") {
  const turn_result waiting{.state = turn_state::needs_approval,
                            .text = "Let me see.",
                            .approvals = {{.id = "ap1", .call = {.id = "c", .name = "shell"}}}};
  const auto reply = reply_of(waiting);
  CHECK_THAT(reply.message.content, Catch::StartsWith("Let me see.\n\n"));
  CHECK_THAT(reply.message.content, Contains("shell") && Contains("/v1/approvals/ap1"));
  CHECK(reply.finish == finish_reason::stop);
  CHECK_THAT(extension_member(waiting), Contains(R"("state":"needs_approval")"));
  CHECK(approval_notice({.text = "done"}).empty());
}

TEST_CASE("calls of the client's tools end a reply with that reason", "[api][openai]") {
  const auto reply = reply_of({.state = turn_state::calls_client,
                               .finish = finish_reason::stop,
                               .calls = {{.id = "c1", .name = "f", .arguments = "{}"}}});
  CHECK(reply.finish == finish_reason::tool_calls);
  CHECK(reply.message.tool_calls.size() == 1);
}

TEST_CASE("ids of completions have 32 digits, and differ with either word", "[api][openai]") {
  CHECK(completion_id(1, 0xAB) == "chatcmpl-000000000000000100000000000000ab");
  CHECK(completion_id(2, 0xAB) != completion_id(1, 0xAB));
}

TEST_CASE("what happens in a turn is an event each", "[api][session]") {
  CHECK(update_event(turn_text{"hi"}) == sse_event{.event = "text", .data = R"({"text":"hi"})"});
  CHECK(update_event(turn_step_ended{2}).data == R"({"step":2})");
  CHECK(update_event(turn_handed_over{"coder"}).event == "handed_over");
  const auto ended = update_event(turn_tool_ended{.call = {.id = "c", .name = "f"},
                                                  .succeeded = false,
                                                  .output = "no",
                                                  .took = std::chrono::milliseconds{7}});
  CHECK(ended.event == "tool_ended");
  CHECK_THAT(ended.data, Contains(R"("succeeded":false)") && Contains(R"("took_ms":7)"));
  CHECK(end_event({.text = "all"}).event == "end");
}
