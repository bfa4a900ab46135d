#include "libagent/session/context_window.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

/// Turns of one question and one answer with as many bytes each.
conversation long_talk(int turns, std::size_t bytes) {
  conversation out;
  for (int i = 0; i < turns; ++i) {
    REQUIRE(out.apply(turn_began{.id = "t" + std::to_string(i),
                                 .agent = "a",
                                 .messages = {{.content = std::string(bytes, 'q')}}}));
    step_taken step;
    step.message = {.role = chat_role::assistant, .content = std::string(bytes, 'a')};
    REQUIRE(out.apply(step));
    REQUIRE(out.apply(turn_ended{}));
  }
  return out;
}

}  // namespace

TEST_CASE("as many whole turns from the end go to the model as fit", "[session]") {
  const auto history = long_talk(10, 334);  // 700 bytes a turn with frames, 200 tokens
  const context_room room{.tokens = 1'000, .reserve = 300};
  const auto plan = plan_context(history, room);
  CHECK(plan.first == 14);
  CHECK(plan.fits);
  CHECK(plan.left_out);
  const auto messages = context_messages(history, plan, room);
  REQUIRE(messages.size() == 6);
  CHECK(messages[0].role == chat_role::user);
}

TEST_CASE("nothing is left out of a conversation that fits") {
  const auto history = long_talk(2, 10);
  const context_room room{.instructions = "Be brief."};
  const auto plan = plan_context(history, room);
  CHECK(plan.first == 0);
  CHECK_FALSE(plan.left_out);
  CHECK(context_messages(history, plan, room).size() == 5);
}

TEST_CASE("the latest exchange goes to the model whole, its oldest results shortened") {
  conversation history;
  REQUIRE(history.apply(turn_began{.id = "t", .agent = "a", .messages = {{.content = "x"}}}));
  for (const auto* const id : {"a", "b", "c"}) {
    step_taken step;
    step.message = {.role = chat_role::assistant, .tool_calls = {{id, "read", "{}"}}};
    REQUIRE(history.apply(step));
    REQUIRE(history.apply(tool_ended{.call = id, .output = std::string(3'000, 'r')}));
  }
  const context_room room{.tokens = 2'500, .reserve = 500};  // 7,000 bytes
  const auto plan = plan_context(history, room);
  CHECK_FALSE(plan.fits);
  const auto messages = context_messages(history, plan, room);
  REQUIRE(messages.size() == 7);
  CHECK(messages[2].content.size() < 400);
  CHECK(messages[4].content.size() == 3'000);
  CHECK(messages[6].content.size() == 3'000);
}

TEST_CASE("system messages at the beginning stay, as one with the instructions") {
  conversation history;
  REQUIRE(history.apply(turn_began{
      .id = "t",
      .agent = "a",
      .messages = {{.role = chat_role::system, .content = "Theirs."}, {.content = "x"}}}));
  const context_room room{.instructions = "Ours."};
  const auto messages = context_messages(history, plan_context(history, room), room);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].content == "Ours.\n\nTheirs.");
}

TEST_CASE("the data of an image does not count, the image does") {
  const auto weight = [](const std::string& data) {
    return message_weight(
        {.parts = {R"([{"type":"image_url","image_url":{"url":"data:image/png;base64,)" + data +
                   R"("}}])"}});
  };
  CHECK(weight("AAAA") == weight(std::string(100'000, 'A')));
  CHECK(weight("AAAA") > 3'000);
}

TEST_CASE("the gauge comes near to what a provider counts") {
  token_gauge gauge;
  for (int i = 0; i < 20; ++i)
    gauge.learn(2'000, 1'000);
  CHECK(gauge.bytes_per_token() == Approx(2.0).margin(0.01));
  CHECK(gauge.tokens(2'001) >= 1'000);
  gauge.learn(0, 5);
  gauge.learn(5, 0);
  CHECK(gauge.bytes_per_token() == Approx(2.0).margin(0.01));
}
