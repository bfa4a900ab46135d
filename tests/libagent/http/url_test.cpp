#include "libagent/http/url.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("percent_decode decodes both cases of hex digits", "[http]") {
  CHECK(percent_decode("a%2Fb%2fc", plus_means::plus).value() == "a/b/c");
  CHECK(percent_decode("%E4%BD%A0", plus_means::plus).value() == "你");
  CHECK(percent_decode("%41", plus_means::plus).value() == "A");
}

TEST_CASE("a plus is a space in a query and a plus in a path", "[http]") {
  CHECK(percent_decode("a+b", plus_means::space).value() == "a b");
  CHECK(percent_decode("a+b", plus_means::plus).value() == "a+b");
  CHECK(percent_decode("a%2Bb", plus_means::space).value() == "a+b");
}

TEST_CASE("percent_decode names the position of a bad escape", "[http]") {
  for (const auto* text : {"ab%", "ab%4", "ab%4g", "ab%-1", "ab%00"}) {
    CAPTURE(text);
    const auto result = percent_decode(text, plus_means::plus);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::invalid_argument);
    CHECK_THAT(result.error().context, Catch::Contains("at position 2"));
  }
}

TEST_CASE("what percent_encode wrote, percent_decode reads, for any bytes but NUL", "[http]") {
  const auto seed = GENERATE(range(0U, 50U));
  CAPTURE(seed);
  seeded_random random{seed};
  std::string text;
  for (auto left = random() % 40; left > 0; --left)
    text += static_cast<char>(1 + random() % 255);
  const auto encoded = percent_encode(text);
  CHECK(encoded.find_first_of("/?&=+# \r\n") == std::string::npos);
  CHECK(percent_decode(encoded, plus_means::space).value() == text);
}

TEST_CASE("parse_query splits, decodes and keeps the order", "[http]") {
  const auto params = parse_query("q=a+b&flag&&x=1%262&x=&y=a=b");
  REQUIRE(params);
  CHECK(*params == std::vector<query_param>{
                       {"q", "a b"}, {"flag", ""}, {"x", "1&2"}, {"x", ""}, {"y", "a=b"}});
  CHECK(parse_query("").value().empty());
}

TEST_CASE("parse_query holds its limits on both sides of each", "[http]") {
  CHECK(parse_query("a&b", {.params_max = 2}));
  CHECK(parse_query("a&b&c", {.params_max = 2}).error().code == errc::too_large);
  CHECK(parse_query("abcd", {.params_max = 2, .bytes_max = 4}));
  CHECK(parse_query("abcde", {.params_max = 2, .bytes_max = 4}).error().code == errc::too_large);
}

TEST_CASE("parse_target takes origin form and absolute form", "[http]") {
  const auto origin = parse_target("/v1/a%2Fb?x=1");
  REQUIRE(origin);
  CHECK(origin->path == "/v1/a%2Fb");
  CHECK(origin->query == std::vector<query_param>{{"x", "1"}});
  CHECK(parse_target("http://host:8080/p?q").value().path == "/p");
  CHECK(parse_target("http://host").value().path == "/");
  CHECK(parse_target("http://host?q=1").value().query.size() == 1);
}

TEST_CASE("parse_target refuses everything else", "[http]") {
  for (const auto* target : {"", "*", "host:443", "v1/tasks", "/a#b", "/a b", "/a\x7F", "/a?%zz"}) {
    CAPTURE(target);
    const auto result = parse_target(target);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::invalid_argument);
  }
}
