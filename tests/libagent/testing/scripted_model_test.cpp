#include "libagent/testing/scripted_model.hpp"

#include "libagent/base/contract.hpp"

#include "tests/support/chat_calls.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

chat_call call_asking(std::string text) {
  return {.request = std::make_shared<chat_request>(asking(std::move(text)))};
}

}  // namespace

TEST_CASE("a script is played in order, and what was asked is kept", "[testing]") {
  scripted_model model{
      {says("one"), calls("add", R"({"a":1})"), fails({errc::overloaded, "busy"})}};
  const auto first = chat_answer::of(model, call_asking("a"))->end();
  REQUIRE(first.reply);
  CHECK(first.reply->message.content == "one");
  CHECK(first.reply->finish == finish_reason::stop);
  CHECK(first.began);
  const auto second = chat_answer::of(model, call_asking("b"))->end();
  REQUIRE(second.reply);
  CHECK(second.reply->finish == finish_reason::tool_calls);
  CHECK(second.reply->message.tool_calls ==
        std::vector<tool_call>{{.id = "call_1", .name = "add", .arguments = R"({"a":1})"}});
  const auto third = chat_answer::of(model, call_asking("c"))->end();
  REQUIRE_FALSE(third.reply);
  CHECK(third.reply.error() == error{errc::overloaded, "busy"});
  REQUIRE(model.requests().size() == 3);
  CHECK(model.requests()[2].messages.back().content == "c");
  CHECK(model.left_over().empty());
  CHECK(model.surprises().empty());
}

TEST_CASE("a reply for requests of one kind waits for its request", "[testing]") {
  scripted_model model{{says("rain").when(last_user_says("weather")), says("hello"),
                        says("always").when(last_user_says("again")).always()}};
  CHECK(chat_answer::of(model, call_asking("hi"))->end().reply->message.content == "hello");
  CHECK(chat_answer::of(model, call_asking("the weather?"))->end().reply->message.content ==
        "rain");
  for (int i = 0; i < 3; ++i)
    CHECK(chat_answer::of(model, call_asking("again"))->end().reply->message.content == "always");
}

TEST_CASE(
    "when the script has nothing for a request, the error says what was asked and what is left",
    "[testing]") {
  scripted_model model{{says("rain").when(last_user_says("weather")),
                        calls("add", "{}").when(last_result_says("2"))}};
  const auto end = chat_answer::of(model, call_asking("what is the time?"))->end();
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::not_found);
  CHECK_THAT(end.reply.error().context, Catch::Contains("request 1") &&
                                            Catch::Contains("what is the time?") &&
                                            Catch::Contains("1. says(\"rain\").when(...)") &&
                                            Catch::Contains("2. calls(\"add\")"));
  CHECK(model.surprises() == std::vector<std::string>{end.reply.error().context});
}

TEST_CASE("a reply comes in pieces that cut no character", "[testing]") {
  scripted_model model{{says("a\xE2\x82\xAC\xE2\x82\xAC"
                             "b")
                            .with_reasoning("hm, hm")
                            .and_calls("add", R"({"a":1})", "x")
                            .in_pieces_of(5)}};
  const auto answer = chat_answer::of(model);
  const auto end = answer->end();
  REQUIRE(end.reply);
  std::vector<std::string> pieces;
  for (const auto& delta : answer->deltas()) {
    const auto& calls = delta.tool_calls;
    pieces.push_back(delta.reasoning + delta.content +
                     (calls.empty() ? "" : calls[0].id + calls[0].name + calls[0].arguments));
  }
  CHECK(pieces == std::vector<std::string>{"hm, h", "m", "a\xE2\x82\xAC",
                                           "\xE2\x82\xAC"
                                           "b",
                                           "xadd", R"({"a":)", "1}"});
  CHECK(end.reply->message.tool_calls.at(0).arguments == R"({"a":1})");
}

TEST_CASE("pieces given one by one are written as they are", "[testing]") {
  const std::vector<chat_delta> deltas{
      {.content = "x"},
      {.tool_calls = {{.index = 0, .id = "t", .name = "add", .arguments = "{\"a"}}},
      {.tool_calls = {{.index = 0, .arguments = "\":1}"}}}};
  scripted_model model{{says({}).in_deltas(deltas)}};
  const auto answer = chat_answer::of(model);
  const auto end = answer->end();
  REQUIRE(end.reply);
  CHECK(answer->deltas() == deltas);
  CHECK(end.reply->message.content == "x");
  CHECK(end.reply->message.tool_calls.at(0).arguments == R"({"a":1})");
  CHECK(end.reply->finish == finish_reason::tool_calls);
}

TEST_CASE("a reply takes the time of its clock", "[testing]") {
  const auto clock = std::make_shared<manual_clock>();
  scripted_model model{{says("abcdefgh").in_pieces_of(4).after(50ms).every(20ms)}, clock};
  const auto answer = chat_answer::of(model);
  clock->advance(49ms);
  CHECK(answer->deltas().empty());
  clock->advance(1ms);
  CHECK(answer->deltas().size() == 1);
  CHECK(model.running() == 1);
  clock->advance(20ms);
  CHECK(answer->deltas().size() == 2);
  CHECK(answer->ends() == 1);
  CHECK(model.running() == 0);
}

TEST_CASE("a scripted reply can break off in the middle", "[testing]") {
  scripted_model model{{says("abcdefgh").in_pieces_of(4).cut_after(1, {errc::unavailable, "cut"})}};
  const auto end = chat_answer::of(model)->end();
  REQUIRE_FALSE(end.reply);
  CHECK(end.reply.error().code == errc::unavailable);
  CHECK(end.began);
  CHECK(end.so_far.content == "abcd");
}

TEST_CASE("a model that hangs ends by a stop, by the deadline or with the model", "[testing]") {
  const auto clock = std::make_shared<manual_clock>();
  auto model = std::make_unique<scripted_model>(
      std::vector<scripted_reply>{hangs(), hangs(), hangs(), hangs()}, clock);
  std::stop_source stop;
  const auto stopped = chat_answer::of(*model, {.stop = stop.get_token()});
  CHECK(stopped->ends() == 0);
  stop.request_stop();
  CHECK(stopped->end().reply.error().code == errc::cancelled);
  CHECK(chat_answer::of(*model, {.stop = stop.get_token()})->end().reply.error().code ==
        errc::cancelled);

  const auto late = chat_answer::of(*model, {.deadline = clock->now() + 10ms});
  clock->advance(9ms);
  CHECK(late->ends() == 0);
  clock->advance(1ms);
  CHECK(late->end().reply.error().code == errc::deadline_exceeded);

  const auto left = chat_answer::of(*model);
  CHECK(model->running() == 1);
  model.reset();
  CHECK(left->end().reply.error().code == errc::cancelled);
}

TEST_CASE("a scripted model waits for a slow reader", "[testing]") {
  scripted_model model{{says("abcdefgh").in_pieces_of(4)}};
  const auto gate = std::make_shared<flow_gate>();
  gate->close();
  const auto answer = chat_answer::of(model, {.flow = gate});
  CHECK(answer->deltas().empty());
  gate->open();
  CHECK(answer->end().reply->message.content == "abcdefgh");
  CHECK(answer->deltas().size() == 2);
}

TEST_CASE("waits without a clock are a bug of the test", "[testing]") {
  scripted_model model{{says("x").after(1ms)}};
  CHECK_THROWS_AS(chat_answer::of(model), contract_violation);
}

TEST_CASE("usage is counted from the bytes unless the script says it", "[testing]") {
  scripted_model model{{says("12345678"), says("x").with_usage({.prompt = 5, .completion = 6})}};
  const auto guessed = chat_answer::of(model, call_asking("1234"))->end();
  CHECK(guessed.reply->usage == token_usage{.prompt = 1, .completion = 2, .estimated = true});
  const auto told = chat_answer::of(model)->end();
  CHECK(told.reply->usage == token_usage{.prompt = 5, .completion = 6});
}

TEST_CASE("scripted vectors are of length one and tell texts apart", "[testing]") {
  scripted_model model{{}};
  std::vector<std::vector<float>> vectors;
  model.start(embedding_call{.model = "e", .inputs = {"a", "b", "a"}, .on_end = [&](auto reply) {
                               REQUIRE(reply);
                               vectors = reply->embeddings;
                             }});
  REQUIRE(vectors.size() == 3);
  CHECK(vectors[0] == vectors[2]);
  CHECK(vectors[0] != vectors[1]);
  double squares = 0;
  for (const auto each : vectors[0])
    squares += static_cast<double>(each) * static_cast<double>(each);
  CHECK(squares == Approx(1).epsilon(1e-5));
}
