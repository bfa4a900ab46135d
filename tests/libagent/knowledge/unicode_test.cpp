#include "libagent/knowledge/unicode.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

namespace {

std::string fold_all(std::string_view text) {
  std::string folded;
  for (std::size_t at = 0; at < text.size();) {
    const auto decoded = decode_utf8(text, at);
    if (const auto letter = fold_letter(decoded.code); letter != 0)
      append_utf8(folded, letter);
    at += decoded.length;
  }
  return folded;
}

}  // namespace

TEST_CASE("decoding reads one to four bytes", "[knowledge]") {
  CHECK(decode_utf8("a", 0).code == U'a');
  CHECK(decode_utf8("é", 0).code == U'é');
  CHECK(decode_utf8("内", 0).code == U'内');
  CHECK(decode_utf8("😀", 0).code == U'😀');
  CHECK(decode_utf8("😀", 0).length == 4);
}

TEST_CASE("a broken byte is skipped alone", "[knowledge]") {
  for (const std::string broken :
       {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE5\x86"}) {
    const auto decoded = decode_utf8(broken, 0);
    CHECK_FALSE(decoded.valid);
    CHECK(decoded.length == 1);
    CHECK(decoded.code == 0xFFFD);
  }
}

TEST_CASE("what is appended decodes to itself", "[knowledge]") {
  for (const char32_t code : {0x41U, 0x7FU, 0x80U, 0x7FFU, 0x800U, 0xFFFFU, 0x10000U, 0x10FFFFU}) {
    std::string text;
    append_utf8(text, code);
    CHECK(decode_utf8(text, 0).code == code);
    CHECK(decode_utf8(text, 0).length == text.size());
  }
  std::string surrogate;
  append_utf8(surrogate, 0xD800);
  CHECK(surrogate == "\xEF\xBF\xBD");
}

TEST_CASE("letters that look alike fold to one", "[knowledge]") {
  CHECK(fold_all("Ünïcode ÀÉÎÕÜ çñøß ŁŽŸ") == "unicode aeiou cnos lzy");
  CHECK(fold_all("ＡＢＣ１２３") == "abc123");
  CHECK(fold_all("e\xCC\x81") == "e");  // a combining accent
  CHECK(fold_all("ΑΒΓ МОСКВА Ё") == "αβγ москва ё");
}

TEST_CASE("scripts without spaces are told from words and from punctuation", "[knowledge]") {
  for (const char32_t code : {U'内', U'の', U'カ', U'한', U'ไ'})
    CHECK(classify_letter(code) == letter_class::unsegmented);
  for (const char32_t code : {U'a', U'7', U'ё', U'α'})
    CHECK(classify_letter(code) == letter_class::word);
  for (const char32_t code : {U' ', U'_', U'-', U'。', U'，', U'「', U'・', U'—', U'😀', U'×'})
    CHECK(classify_letter(fold_letter(code)) == letter_class::separator);
}
