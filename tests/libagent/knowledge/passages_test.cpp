#include "libagent/knowledge/passages.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace libagent;

namespace {

std::string repeat_lines(std::string_view line, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i)
    text.append(line).push_back('\n');
  return text;
}

}  // namespace

TEST_CASE("a short document is one passage", "[knowledge]") {
  const auto made = make_passages("\nOne line.\n\nAnother.\n", text_kind::plain);
  REQUIRE(made.size() == 1);
  CHECK(made[0].text == "One line.\n\nAnother.");
  CHECK(made[0].line_first == 2);
}

TEST_CASE("a heading begins a passage and names all below it", "[knowledge]") {
  const auto made = make_passages("# Memory\nIntro.\n## Levels\nThere are five.\n# Cache\nOther.\n",
                                  text_kind::markdown);
  REQUIRE(made.size() == 3);
  CHECK(made[0].headings == "Memory");
  CHECK(made[1].headings == "Memory > Levels");
  CHECK(made[1].text == "## Levels\nThere are five.");
  CHECK(made[1].line_first == 3);
  CHECK(made[2].headings == "Cache");
}

TEST_CASE("a heading right below a heading stays with it", "[knowledge]") {
  const auto made = make_passages("# Guide\n\n## Install\nRun it.\n", text_kind::markdown);
  REQUIRE(made.size() == 1);
  CHECK(made[0].headings == "Guide > Install");
}

TEST_CASE("an underlined line is a heading, a rule below a paragraph is none", "[knowledge]") {
  const auto made =
      make_passages("Title\n=====\nText.\n\nmore\ntext\n----\nend\n", text_kind::plain);
  REQUIRE(made.size() == 1);
  CHECK(made[0].headings == "Title");
}

TEST_CASE("hashes are no headings in code, nor inside a fence", "[knowledge]") {
  CHECK(make_passages("# comment\nx = 1\n", text_kind::source).at(0).headings.empty());
  const auto made = make_passages("# Top\ntext\n```\n# comment\n```\n", text_kind::markdown);
  REQUIRE(made.size() == 1);
  CHECK(made[0].headings == "Top");
}

TEST_CASE("a passage ends at a paragraph past the soft limit", "[knowledge]") {
  const passage_limits limits{40, 80, 8, 16};
  const auto text = repeat_lines("twenty bytes of text", 2) + "\n" + repeat_lines("next", 1);
  const auto made = make_passages(text, text_kind::plain, limits);
  REQUIRE(made.size() == 2);
  CHECK(made[1].text == "next");
  CHECK(made[1].line_first == 4);
}

TEST_CASE("a passage ends anywhere at the hard limits", "[knowledge]") {
  const auto by_lines = make_passages(repeat_lines("a", 20), text_kind::plain);
  REQUIRE(by_lines.size() == 2);
  CHECK(by_lines[1].line_first == 17);
  const auto by_bytes =
      make_passages(repeat_lines(std::string(500, 'b') + " c", 4), text_kind::plain);
  REQUIRE(by_bytes.size() == 2);
  CHECK(std::ranges::all_of(by_bytes, [](const passage& p) { return p.text.size() <= 1200; }));
}

TEST_CASE("a line that is too long is cut at sentences and keeps its number", "[knowledge]") {
  std::string line;
  for (auto i = 0; i < 200; ++i)
    line += "这是第一句话。";
  const auto made = make_passages("first\n" + line, text_kind::plain);
  REQUIRE(made.size() > 3);
  for (std::size_t i = 1; i < made.size(); ++i) {
    CHECK(made[i].line_first == 2);
    CHECK(made[i].text.ends_with("。"));
    CHECK(made[i].text.size() <= 1200);
  }
}

TEST_CASE("code in a long fence is kept as code", "[knowledge]") {
  const auto made = make_passages("text\n```\n" + repeat_lines("code();", 40) + "```\nafter\n",
                                  text_kind::markdown);
  REQUIRE(made.size() >= 3);
  CHECK(made[0].kind == text_kind::markdown);
  CHECK(made[1].kind == text_kind::source);
  CHECK(made.back().kind == text_kind::markdown);
  CHECK(made.back().text == "after");
}

TEST_CASE("lines without words make no passage", "[knowledge]") {
  CHECK(make_passages("", text_kind::plain).empty());
  CHECK(make_passages("\n\n-----\n***\n", text_kind::plain).empty());
}

TEST_CASE("blocks on one line of HTML are lines of their own with one number", "[knowledge]") {
  const std::string separator{paragraph_separator};
  const auto made = make_passages(
      "# Title" + separator + "One." + separator + "# Next" + separator + "Two.\nThree.",
      text_kind::html);
  REQUIRE(made.size() == 2);
  CHECK(made[0].text == "# Title" + separator + "One.");
  CHECK(made[1].headings == "Next");
  CHECK(made[1].line_first == 1);
}
