#include "libagent/knowledge/answer.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

retrieved_passage passage_of(std::string file, std::string headings, std::string text,
                             std::uint32_t line_first = 1) {
  return {std::move(file),
          {std::move(headings), std::move(text), line_first, text_kind::markdown},
          1.0};
}

/// Each term in ten of a thousand passages.
extractive_answer answer_to(std::string_view question, std::vector<retrieved_passage> passages,
                            const answer_options& options = {}) {
  const auto analysis = analyse_question(question);
  return select_answer(analysis, {1'000, std::vector<std::uint64_t>(analysis.terms.size(), 10)},
                       passages, options);
}

}  // namespace

TEST_CASE("the sentence that covers the question is quoted with its lines", "[knowledge]") {
  const auto answer = answer_to(
      "What does the cache evict?",
      {passage_of("a.md", "", "Unrelated words stand here.\nThe cache evicts\ncold entries.", 7)});
  REQUIRE(answer.found);
  CHECK(answer.quotes[0].text == "The cache evicts cold entries.");
  CHECK(answer.quotes[0].file == "a.md");
  CHECK(answer.quotes[0].line_first == 8);
  CHECK(answer.quotes[0].line_last == 9);
}

TEST_CASE("a sentence that covers half of the question is no answer", "[knowledge]") {
  CHECK_FALSE(answer_to("What is the capital of France?",
                        {passage_of("a.md", "", "Each capital letter starts a sentence.")})
                  .found);
}

TEST_CASE("a question without content words has no answer", "[knowledge]") {
  CHECK_FALSE(answer_to("What is it?", {passage_of("a.md", "", "It is what it is.")}).found);
  CHECK_FALSE(answer_to("", {passage_of("a.md", "", "It is what it is.")}).found);
}

TEST_CASE("a heading lends its words to the sentences below", "[knowledge]") {
  const auto answer =
      answer_to("How does the memory monitor sample?",
                {passage_of("a.md", "Guide > Memory monitor", "It samples every 100 ms.")});
  REQUIRE(answer.found);
  CHECK(answer.quotes[0].text == "It samples every 100 ms.");
}

TEST_CASE("what follows a matching question answers it", "[knowledge]") {
  const auto answer = answer_to(
      "How do I unlock a repository?",
      {passage_of("faq.md", "", "How do I unlock a repository?\n\nDelete the lock file.")});
  REQUIRE(answer.found);
  CHECK(answer.quotes[0].text == "Delete the lock file.");
}

TEST_CASE("a definition is preferred to a mention", "[knowledge]") {
  const auto answer =
      answer_to("What is a supervisor?",
                {passage_of("a.md", "",
                            "Ask the person next door for a supervisor of some kind.\n\n"
                            "A supervisor is a part that restarts others.")});
  REQUIRE(answer.found);
  CHECK(answer.quotes[0].text == "A supervisor is a part that restarts others.");
}

TEST_CASE("a number is preferred when the question asks how many", "[knowledge]") {
  const auto answer = answer_to("How many restarts are allowed?",
                                {passage_of("a.md", "",
                                            "Restarts are allowed for all children.\n\n"
                                            "Within a minute 5 restarts are allowed.")});
  REQUIRE(answer.found);
  CHECK(answer.quotes[0].text == "Within a minute 5 restarts are allowed.");
}

TEST_CASE("a quote is not repeated from another file", "[knowledge]") {
  const auto answer = answer_to("What does the cache evict?",
                                {passage_of("a.md", "", "The cache evicts cold entries."),
                                 passage_of("b.md", "", "The cache evicts cold entries.")});
  CHECK(answer.quotes.size() == 1);
}

TEST_CASE("quotes are bounded in number and length", "[knowledge]") {
  const auto answer = answer_to(
      "cache eviction",
      {passage_of("a.md", "", "Cache eviction happens when memory runs short at night."),
       passage_of("b.md", "", "Nobody schedules cache eviction by hand any more today."),
       passage_of("c.md", "", "Slow disks make cache eviction expensive for large objects.")},
      {.quotes_max = 2, .quote_bytes_max = 30});
  REQUIRE(answer.quotes.size() == 2);
  for (const auto& quote : answer.quotes) {
    CHECK(quote.text.size() <= 30 + 4);
    CHECK(quote.text.ends_with(" …"));
  }
}

TEST_CASE("questions are read in English and Chinese", "[knowledge]") {
  const auto stems_in = [](std::string_view question) {
    std::vector<std::string> stems;
    for (const auto& term : analyse_question(question).terms)
      stems.push_back(term.stem);
    return stems;
  };
  using stems = std::vector<std::string>;
  CHECK(stems_in("What does the memory monitor do?") == stems{"memori", "monitor"});
  CHECK(stems_in("How long is a lease, and who renews the lease?") == stems{"leas", "renew"});
  CHECK(analyse_question("How high is the tower?").measure == "high");
  CHECK(stems_in("How high is the tower?") == stems{"tower"});
  CHECK(stems_in("内存监视器做什么？") == stems{"内存", "存监", "监视", "视器"});
  CHECK(stems_in("目的是什么") == stems{"目的"});
  CHECK(analyse_question("How many are there?").kind == question_kind::quantity);
  CHECK(analyse_question("缓存是什么").kind == question_kind::definition);
  CHECK(analyse_question("为什么缓存变小").kind == question_kind::reason);
  CHECK(analyse_question("猫").terms.at(0).prefix);
}

TEST_CASE("a question of very many words is cut off", "[knowledge]") {
  std::string question;
  for (auto i = 0; i < 200; ++i)
    question += "word" + std::to_string(i) + " ";
  CHECK(analyse_question(question).terms.size() == question_terms_max);
}
