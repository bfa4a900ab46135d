#include "libagent/record/json_parse.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

using namespace libagent;

namespace {

/// The parsed text written out again, or the error.
std::string parsed_or_error(std::string_view text, const json_limits& limits = {}) {
  std::string out;
  const auto done = with_parsed_json(text, limits, [&out](const nlohmann::json& document) {
    out = document.dump();
    return expected<void>{};
  });
  return done ? out : to_string(done.error());
}

std::string nested_lists(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("JSON of every kind of value is parsed", "[record]") {
  CHECK(parsed_or_error(R"( {"a":[1,-2,2.5,"x",true,false,null,{}]} )") ==
        R"({"a":[1,-2,2.5,"x",true,false,null,{}]})");
  CHECK(parsed_or_error("18446744073709551615") == "18446744073709551615");
  CHECK(parsed_or_error(R"("\u00e4\ud83d\ude00")") == "\"\xC3\xA4\xF0\x9F\x98\x80\"");
}

TEST_CASE("a syntax error names line and column and does not repeat the input", "[record]") {
  CHECK(parsed_or_error("{\n  \"a\": ]\n}") ==
        "invalid_argument: bad JSON at line 2, column 8: while parsing value - unexpected ']'; "
        "expected '[', '{', or a literal");
  CHECK(parsed_or_error("") ==
        "invalid_argument: bad JSON at line 1, column 1: while parsing value - unexpected end of "
        "input; expected '[', '{', or a literal");
  CHECK(parsed_or_error(R"("secret)") ==
        "invalid_argument: bad JSON at line 1, column 8: while parsing value - invalid string: "
        "missing closing quote");
  CHECK(parsed_or_error("1 2").find("line 1, column 3") != std::string::npos);
  CHECK(parsed_or_error("1e400") ==
        R"(invalid_argument: bad JSON at line 1, column 5: number "1e400" is out of range)");
}

TEST_CASE("invalid UTF-8, lone surrogates, raw control characters and zero bytes are refused",
          "[record]") {
  for (const std::string_view text :
       {"\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", R"("\ud800")", "\"a\nb\""}) {
    CAPTURE(text);
    CHECK(parsed_or_error(text).find("bad JSON at line 1") != std::string::npos);
  }
  CHECK(parsed_or_error(std::string_view{"{}\0{}", 5}) ==
        "invalid_argument: bad JSON at line 1, column 3: a zero byte");
}

TEST_CASE("text may have as many bytes as the limit says and not one more", "[record]") {
  CHECK(parsed_or_error("[1]", {.bytes_max = 3}) == "[1]");
  CHECK(parsed_or_error("[1 ]", {.bytes_max = 3}) ==
        "too_large: JSON text has 4 bytes, at most 3 allowed");
}

TEST_CASE("nesting is accepted up to the limit and refused past it, with the path", "[record]") {
  const json_limits limits{.depth_max = 3};
  CHECK(parsed_or_error(nested_lists(3), limits) == "[[[]]]");
  CHECK(parsed_or_error(nested_lists(4), limits) ==
        "invalid_argument: /0/0/0: nested deeper than 3 levels (line 1, column 4)");
  CHECK(parsed_or_error(R"({"a":[1,{"b":{}}]})", limits) ==
        "invalid_argument: /a/1/b: nested deeper than 3 levels (line 1, column 14)");
  CHECK(parsed_or_error(nested_lists(64)) == nested_lists(64));
  CHECK(parsed_or_error(nested_lists(65)).find("deeper than 64") != std::string::npos);
}

TEST_CASE("a million opening brackets end in an error and not in a stack overflow", "[record]") {
  CHECK(parsed_or_error(std::string(1'000'000, '[')).find("deeper than 64") != std::string::npos);
  // Even when the limit allows it, parsing itself must not recurse.
  const auto text = std::string(1'000'000, '[');
  CHECK(parsed_or_error(text, {.depth_max = 2'000'000}).find("unexpected end of input") !=
        std::string::npos);
}

TEST_CASE("a key that comes twice is refused with its path", "[record]") {
  CHECK(parsed_or_error("{\"a\":{\"b\":1,\n\"b\":1}}") ==
        "invalid_argument: /a/b: duplicate field (line 2, column 3)");
  CHECK(parsed_or_error(R"([{"x":1},{"x":1,"y":2,"x":3}])").find("/1/x: duplicate field") !=
        std::string::npos);
  CHECK(parsed_or_error(R"([{"x":1},{"x":1}])") == R"([{"x":1},{"x":1}])");
}

TEST_CASE("a file's parser tells the line of each member", "[record]") {
  json_lines seen;
  const auto done =
      with_parsed_json_file("{\n \"a\": {\n  \"b/c\": 1\n },\n \"d\": [ {\"e\": 2} ] }", {},
                            [&seen](const nlohmann::json&, const json_lines& lines) {
                              seen = lines;
                              return expected<void>{};
                            });
  REQUIRE(done);
  CHECK(seen == json_lines{{"/a", 2}, {"/a/b~1c", 3}, {"/d", 5}, {"/d/0/e", 5}});
}

TEST_CASE("a shown pointer has no control characters and a bounded size", "[record]") {
  CHECK(shown_pointer("") == "(root)");
  CHECK(shown_pointer("/a\nb") == "/a?b");
  CHECK(shown_pointer("/" + std::string(199, 'x')) == "/" + std::string(199, 'x'));
  CHECK(shown_pointer("/" + std::string(5000, 'x')).size() == 203);
}
