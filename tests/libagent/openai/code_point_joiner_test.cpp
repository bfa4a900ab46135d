#include "libagent/openai/code_point_joiner.hpp"

#include "libagent/base/random.hpp"
#include "libagent/base/text.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

using namespace libagent;

TEST_CASE("a character cut anywhere comes out whole", "[openai]") {
  const std::string text = "aé€🦊b";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    code_point_joiner joiner;
    std::string first;
    joiner.add(std::string_view{text}.substr(0, cut), first);
    CHECK(to_valid_utf8(first) == first);
    joiner.add(std::string_view{text}.substr(cut), first);
    joiner.flush(first);
    CHECK(first == text);
  }
}

TEST_CASE("what cannot become a character is replaced at once", "[openai]") {
  code_point_joiner joiner;
  std::string out;
  joiner.add("\xE2\x82", out);
  CHECK(out.empty());
  joiner.add("x", out);
  CHECK(out == "\xEF\xBF\xBD\xEF\xBF\xBDx");
}

TEST_CASE("what is kept back at the end is replaced", "[openai]") {
  code_point_joiner joiner;
  std::string out;
  joiner.add("a\xF0\x9F", out);
  CHECK(out == "a");
  joiner.flush(out);
  CHECK(out == "a\xEF\xBF\xBD");
  joiner.flush(out);
  CHECK(out == "a\xEF\xBF\xBD");
}

TEST_CASE("the halves of a surrogate pair are joined", "[openai]") {
  CHECK(to_valid_utf8("\xED\xA0\xBE\xED\xB6\x8A") == "🦊");
  CHECK(to_valid_utf8("\xED\xB6\x8A") == "\xEF\xBF\xBD");
  CHECK(to_valid_utf8("\xED\xA0\xBE!") == "\xEF\xBF\xBD!");
}

TEST_CASE("cuts never change what comes out", "[openai]") {
  const auto seed = GENERATE(range(0U, 300U));
  CAPTURE(seed);
  seeded_random random{seed};
  static constexpr std::array<unsigned char, 16> bytes{'a',  0xC3, 0xA9, 0xE2, 0x82, 0xAC,
                                                       0xF0, 0x9F, 0xA6, 0x8A, 0xED, 0xA0,
                                                       0xBE, 0xB6, 0xF4, 0xFF};
  std::string text;
  for (auto left = random() % 20; left > 0; --left)
    text += static_cast<char>(bytes[random() % bytes.size()]);
  code_point_joiner joiner;
  std::string pieces;
  for (const char c : text)
    joiner.add({&c, 1}, pieces);
  joiner.flush(pieces);
  CHECK(pieces == to_valid_utf8(text));
  CHECK(to_valid_utf8(pieces) == pieces);
}
