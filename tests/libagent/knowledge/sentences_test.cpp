#include "libagent/knowledge/sentences.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

std::vector<std::string> texts_of(std::string_view text, text_kind kind = text_kind::plain) {
  std::vector<std::string> texts;
  for (auto& found : split_sentences(text, kind))
    texts.push_back(std::move(found.text));
  return texts;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("sentences end at a stop before a space", "[knowledge]") {
  CHECK(texts_of("One. Two! Three? \"Four.\" Five") ==
        texts{"One.", "Two!", "Three?", "\"Four.\"", "Five"});
}

TEST_CASE("decimals, versions, file names and abbreviations do not end a sentence", "[knowledge]") {
  CHECK(texts_of("It takes 2.5 ms in foo.cpp of v0.18.7 here.").size() == 1);
  CHECK(texts_of("See e.g. Figure 3, Dr. Who, J. Smith et al. Nature.").size() == 1);
  CHECK(texts_of("Files, logs, etc. are kept.").size() == 1);
}

TEST_CASE("Chinese sentences end at their full stop without a space", "[knowledge]") {
  CHECK(texts_of("它监视内存。每100毫秒采样一次！为什么？“好。”完") ==
        texts{"它监视内存。", "每100毫秒采样一次！", "为什么？", "“好。”", "完"});
}

TEST_CASE("lines of a paragraph are joined, with a space only where one belongs", "[knowledge]") {
  const auto found = split_sentences("The cache\nevicts it. Then\nmore.", text_kind::plain, 10);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == sentence{"The cache evicts it.", 10, 11, sentence_role::prose});
  CHECK(found[1] == sentence{"Then more.", 11, 12, sentence_role::prose});
  CHECK(texts_of("内存监\n视器。") == texts{"内存监视器。"});
}

TEST_CASE("blank lines, list items, headings and tables stand alone", "[knowledge]") {
  const auto found = split_sentences(
      "# Title\nText without stop\n\n- item one\n- item\n  two\n1. first\n| a | b "
      "|\n|---|---|\nEnd",
      text_kind::markdown);
  REQUIRE(found.size() == 7);
  CHECK(found[0] == sentence{"Title", 1, 1, sentence_role::heading});
  CHECK(found[1].text == "Text without stop");
  CHECK(found[2].text == "item one");
  CHECK(found[3] == sentence{"item two", 5, 6, sentence_role::prose});
  CHECK(found[4].text == "first");
  CHECK(found[5] == sentence{"| a | b |", 8, 8, sentence_role::row});
  CHECK(found[6] == sentence{"End", 10, 10, sentence_role::prose});
}

TEST_CASE("an underlined line is a heading", "[knowledge]") {
  const auto found = split_sentences("Title\n=====\nText.", text_kind::plain);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == sentence{"Title", 1, 1, sentence_role::heading});
  CHECK(found[1].line_first == 3);
}

TEST_CASE("code lines are code, and comments of program code are prose", "[knowledge]") {
  const auto fenced = split_sentences("Run:\n```\nmake all\n```\n", text_kind::markdown);
  REQUIRE(fenced.size() == 2);
  CHECK(fenced[1] == sentence{"make all", 3, 3, sentence_role::code});
  const auto source = split_sentences(
      "/// Counts restarts\n/// in a window.\nclass counter {\n#include <x>", text_kind::source);
  REQUIRE(source.size() == 3);
  CHECK(source[0] == sentence{"Counts restarts in a window.", 1, 2, sentence_role::prose});
  CHECK(source[1].role == sentence_role::code);
  CHECK(source[2].role == sentence_role::code);
}

TEST_CASE("a question is known as one", "[knowledge]") {
  CHECK(split_sentences("What is it? A cache.", text_kind::plain).at(0).role ==
        sentence_role::question);
  CHECK(split_sentences("这是什么？", text_kind::plain).at(0).role == sentence_role::question);
}

TEST_CASE("what only formats is left out of the words", "[knowledge]") {
  CHECK(texts_of("**Bold**  and [a link](http://x.y/z) [sic].", text_kind::markdown) ==
        texts{"Bold and a link [sic]."});
  CHECK(texts_of("> quoted\n> mail", text_kind::plain) == texts{"quoted mail"});
}

TEST_CASE("text that never ends a sentence is one sentence", "[knowledge]") {
  CHECK(texts_of("no stop here") == texts{"no stop here"});
  CHECK(texts_of("").empty());
  CHECK(texts_of("\n \n----\n").empty());
}
