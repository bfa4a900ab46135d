#include "libagent/session/guardrails.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("phrases are found whatever their case", "[session]") {
  const std::vector<std::string> phrases{"ÄRGER", "two words"};
  CHECK(has_phrase("viel ärger hier", phrases));
  CHECK(has_phrase("TWO WORDS", phrases));
  CHECK_FALSE(has_phrase("two  words", phrases));
  CHECK_FALSE(has_phrase("", phrases));
  CHECK_FALSE(has_phrase("anything", {}));
}

TEST_CASE("a text is cut between characters, and says what is missing") {
  CHECK(cut_with_note("abc", 3) == "abc");
  CHECK(cut_with_note("abcd", 3) == "abc\n[cut: 3 of 4 bytes]");
  CHECK(cut_with_note("aää", 4) == "aä\n[cut: 3 of 5 bytes]");
}

TEST_CASE("bytes that are no UTF-8 are replaced one by one") {
  CHECK(sound_text("aä") == "aä");
  CHECK(sound_text("a\xff\xc3") == "a\uFFFD\uFFFD");
  CHECK(sound_text("\xc3(ä") == "\uFFFD(ä");
}

TEST_CASE("only what was said since the last reply is refused") {
  const guardrail_rules rules{.blocked_input = {"bad"}};
  std::vector<chat_message> messages{
      {.content = "bad"}, {.role = chat_role::assistant, .content = "no"}, {.content = "good"}};
  CHECK_FALSE(is_blocked_input(rules, messages));
  redact_input(rules, messages);
  CHECK(messages[0].content == "(a message that was refused)");
  messages[2].content = "BAD";
  CHECK(is_blocked_input(rules, messages));
}
