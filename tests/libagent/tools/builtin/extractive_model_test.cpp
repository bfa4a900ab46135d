#include "libagent/tools/builtin/extractive_model.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;

namespace {

chat_message user_says(std::string text) {
  return {.role = chat_role::user, .content = std::move(text)};
}

chat_message assistant_says(std::string text) {
  return {.role = chat_role::assistant, .content = std::move(text)};
}

/// What came of a call, and what the documents were asked.
struct extraction {
  std::vector<std::string> asked;
  std::vector<std::string> written;
  std::optional<chat_end> end;
  std::function<void(expected<agent_answer>)> answer;  ///< Set while the documents are searched.
  std::stop_source stop;
  std::shared_ptr<flow_gate> flow = std::make_shared<flow_gate>();
  chat_request request;

  [[nodiscard]] std::shared_ptr<extractive_model> model() {
    return std::make_shared<extractive_model>(
        [this](std::string question, const std::stop_token&, time_point,
               std::function<void(expected<agent_answer>)> on_answer) {
          asked.push_back(std::move(question));
          answer = std::move(on_answer);
        });
  }

  [[nodiscard]] chat_call call() {
    return {.request = std::make_shared<chat_request>(request),
            .stop = stop.get_token(),
            .flow = flow,
            .on_delta = [this](const chat_delta& delta) { written.push_back(delta.content); },
            .on_end =
                [this](chat_end how) {
                  REQUIRE_FALSE(end);
                  end = std::move(how);
                }};
  }

  void start() { model()->start(call()); }
};

agent_answer two_sentences() {
  return {.text = "It holds passages. Old ones leave first. [1]\nSee the manual [2]",
          .found = true,
          .model = "extractive",
          .citations = {{"cache.md", 3, 4, "It holds passages."}, {"a.md", 1, 1, "See"}}};
}

std::string joined_text(const std::vector<std::string>& pieces) {
  std::string text;
  for (const auto& piece : pieces)
    text += piece;
  return text;
}

}  // namespace

TEST_CASE("the extractive model writes an answer sentence by sentence, and then all of it",
          "[models]") {
  extraction run;
  run.request.messages = {user_says("What is a cache?")};
  run.start();
  CHECK(run.written.empty());
  run.answer(two_sentences());
  CHECK(run.written == std::vector<std::string>{"It holds passages.",
                                                " Old ones leave first. [1]\n",
                                                "See the manual [2]"});
  REQUIRE(run.end);
  REQUIRE(run.end->reply);
  const auto& reply = *run.end->reply;
  CHECK(reply.message.content == two_sentences().text);
  CHECK(reply.model == "extractive");
  CHECK(reply.citations == two_sentences().citations);
  CHECK(reply.found);
  CHECK(reply.finish == finish_reason::stop);
  CHECK(reply.usage.estimated);
  CHECK(reply.usage.prompt == 4);
  CHECK(reply.usage.completion == (two_sentences().text.size() + 3) / 4);
  CHECK(run.end->began);
}

TEST_CASE("nothing found is an answer that says so, not a failure", "[models]") {
  extraction run;
  run.request.messages = {user_says("What is the meaning of life?")};
  run.start();
  run.answer(agent_answer{.text = "Nothing in the documents answers this.", .found = false});
  REQUIRE(run.end);
  REQUIRE(run.end->reply);
  CHECK_FALSE(run.end->reply->found);
}

TEST_CASE("a question that leans on earlier ones is asked together with them", "[models]") {
  const auto asked = [](std::vector<chat_message> messages) { return question_of(messages); };
  CHECK(asked({user_says("What is the cache?")}) == "What is the cache?");
  const auto once = asked({user_says("What does the memory monitor measure exactly?"),
                           assistant_says("RSS."), user_says("and how often?")});
  CHECK(once.find("memory monitor") != std::string::npos);
  CHECK(once.find("how often") != std::string::npos);
  const auto twice = asked({user_says("What does the memory monitor measure exactly?"),
                            user_says("and how often?"), user_says("and why?")});
  CHECK(twice.find("memory monitor") != std::string::npos);
  CHECK(twice.find("why") != std::string::npos);
  const auto fresh = asked({user_says("What does the memory monitor measure exactly?"),
                            user_says("Which eviction policies does the cache offer its users?")});
  CHECK(fresh.find("monitor") == std::string::npos);
}

TEST_CASE("without a user's words there is nothing to look for", "[models]") {
  extraction run;
  run.request.messages = {assistant_says("Hello")};
  run.start();
  REQUIRE(run.end);
  CHECK(run.end->reply.error().code == errc::invalid_argument);
  CHECK(run.asked.empty());
}

TEST_CASE("the extractive model refuses what only a language model can do", "[models]") {
  extraction run;
  run.request.messages = {user_says("What is the cache?")};
  SECTION("JSON") {
    run.request.format.kind = reply_format_kind::json_object;
  }
  SECTION("a tool call") {
    run.request.choice.mode = tool_choice_mode::required;
  }
  run.start();
  REQUIRE(run.end);
  CHECK(run.end->reply.error().code == errc::unsupported);
  CHECK_FALSE(run.end->began);
}

TEST_CASE("offered tools are passed over, and the facts say that it knows none", "[models]") {
  extraction run;
  run.request.messages = {user_says("What is the cache?")};
  run.request.tools = {{.name = "calculate"}};
  run.start();
  CHECK(run.asked.size() == 1);
  run.answer(two_sentences());
  CHECK(run.end->reply);
  std::optional<chat_model_facts> facts;
  run.model()->look_up([&facts](const auto& known) { facts = *known; });
  REQUIRE(facts);
  CHECK(facts->is_pure_text);
}

TEST_CASE("a slow reader gets the next sentence when it opens its gate", "[models]") {
  extraction run;
  run.request.messages = {user_says("What is the cache?")};
  auto call = run.call();
  call.on_delta = [&run](const chat_delta& delta) {
    run.written.push_back(delta.content);
    run.flow->close();
  };
  run.model()->start(std::move(call));
  run.answer(two_sentences());
  CHECK(run.written.size() == 1);
  run.flow->open();
  CHECK(run.written.size() == 2);
  CHECK_FALSE(run.end);
  run.flow->open();
  REQUIRE(run.end);
  CHECK(joined_text(run.written) == two_sentences().text);
}

TEST_CASE("a stop ends the call at once, also while its reader keeps the gate closed", "[models]") {
  extraction run;
  run.request.messages = {user_says("What is the cache?")};
  auto call = run.call();
  call.on_delta = [&run](const chat_delta& delta) {
    run.written.push_back(delta.content);
    run.flow->close();
  };
  run.model()->start(std::move(call));
  run.answer(two_sentences());
  REQUIRE_FALSE(run.end);
  run.stop.request_stop();
  REQUIRE(run.end);
  CHECK(run.end->reply.error().code == errc::cancelled);
  CHECK(run.end->began);
  CHECK(run.end->so_far.content == "It holds passages.");
  run.flow->open();
  CHECK(run.written.size() == 1);
}

TEST_CASE("a failing search is passed on", "[models]") {
  extraction run;
  run.request.messages = {user_says("What is the cache?")};
  run.start();
  run.answer(error{errc::corrupt, "read the index: it is damaged"});
  REQUIRE(run.end);
  CHECK(run.end->reply.error().code == errc::corrupt);
  CHECK_FALSE(run.end->began);
}

TEST_CASE("a longest reply ends it after the sentence that reaches it", "[models]") {
  extraction run;
  run.request.messages = {user_says("What is the cache?")};
  run.request.how.tokens_max = 3;
  run.start();
  run.answer(two_sentences());
  REQUIRE(run.end);
  CHECK(run.written == std::vector<std::string>{"It holds passages."});
  CHECK(run.end->reply->finish == finish_reason::length);
}

TEST_CASE("the pieces of an answer are all of it, whatever stands in it", "[models]") {
  for (const std::string text :
       {"", "\n", "\n\n", "one", "one. two", "One. Two.  [12]\n\n  Three? Four [x] [1", "[", " [1]",
        "\xE4\xB8\x80\xE3\x80\x82\xE4\xBA\x8C\xE3\x80\x82 [1]\nx", "v1.2.3 is out. [1]"}) {
    CAPTURE(text);
    std::string together;
    for (const auto piece : answer_pieces(text)) {
      CHECK_FALSE(piece.empty());
      together += piece;
    }
    CHECK(together == text);
  }
  CHECK(answer_pieces("v1.2.3 is out. [1]").size() == 1);
}
