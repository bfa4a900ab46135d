#include "libagent/base/text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using namespace libagent;

TEST_CASE("the size of a UTF-8 sequence is known for valid ones only", "[base]") {
  CHECK(utf8_sequence_size("a") == 1);
  CHECK(utf8_sequence_size("\xC3\xA4x") == 2);
  CHECK(utf8_sequence_size("\xE4\xB8\xAD") == 3);
  CHECK(utf8_sequence_size("\xF4\x8F\xBF\xBF") == 4);
  for (const std::string_view bad :
       {"", "\x80", "\xC1\x81", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE4\xB8", "\xE4\xB8z",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    CAPTURE(bad);
    CHECK(utf8_sequence_size(bad) == 0);
  }
}

TEST_CASE("a prefix never cuts a character", "[base]") {
  CHECK(utf8_prefix("ab\xC3\xA4", 4) == "ab\xC3\xA4");
  CHECK(utf8_prefix("ab\xC3\xA4", 3) == "ab");
  CHECK(utf8_prefix("\xF0\x9F\x98\x80", 3).empty());
  CHECK(utf8_prefix("abc", 0).empty());
}

TEST_CASE("an excerpt is quoted, escaped and marked when cut", "[base]") {
  CHECK(quoted_excerpt("a\nb") == R"("a\nb")");
  CHECK(quoted_excerpt("abcdef", 3) == R"("abc...")");
  CHECK(quoted_excerpt("abc", 3) == R"("abc")");
}

TEST_CASE("a number's text is the shortest that reads back, without needless exponents", "[base]") {
  CHECK(number_text(3) == "3");
  CHECK(number_text(1'000'000) == "1000000");
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(-0.0) == "-0.0");
  CHECK(number_text(1e300) == "1e+300");
}

TEST_CASE("a comma-separated list splits into its parts", "[base]") {
  CHECK(split_list("").empty());
  CHECK(split_list("a") == std::vector<std::string_view>{"a"});
  CHECK(split_list("a,bc,,d") == std::vector<std::string_view>{"a", "bc", "", "d"});
}
