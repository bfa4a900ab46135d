#include "libagent/record/canonical_json.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;

namespace {

std::string canonical(std::string_view text) {
  return canonical_json(text).value();
}

/// Random JSON, over few names and values so that equal ones come up.
nlohmann::json draw_json(seeded_random& random, int depth) {
  static const std::array<nlohmann::json, 12> leaves{nullptr, true, false, 0,   1,   -1,
                                                     1.5,     "",   "1",   "a", "A", "\xC3\xA4"};
  const auto kind = random() % (depth > 0 ? 4 : 2);
  if (kind < 2)
    return leaves.at(random() % leaves.size());
  nlohmann::json value = kind == 2 ? nlohmann::json::array() : nlohmann::json::object();
  static const std::array<std::string, 4> names{"a", "b", "ab", ""};
  for (auto count = random() % 3; count > 0; --count) {
    if (kind == 2) {
      value.push_back(draw_json(random, depth - 1));
    } else {
      value[names.at(random() % names.size())] = draw_json(random, depth - 1);
    }
  }
  return value;
}

std::string draw_space(seeded_random& random) {
  static const std::array<std::string, 4> spaces{"", " ", "\n", "\t "};
  return spaces.at(random() % spaces.size());
}

std::string respelled_number(const nlohmann::json& value, seeded_random& random) {
  auto text = value.dump();
  if (random() % 2 == 0)
    return text;
  return value.is_number_float() ? text + "0" : text + (random() % 2 == 0 ? ".0" : "e0");
}

/// Each letter that needs no thought may also be written as an escape.
std::string respelled_string(const std::string& text, seeded_random& random) {
  std::string spelled = "\"";
  for (const char c : text) {
    if ((c == 'a' || c == 'b') && random() % 2 == 0) {
      spelled += c == 'a' ? R"(\u0061)" : R"(\u0062)";
    } else {
      spelled += c;
    }
  }
  return spelled + "\"";
}

/// The same value in another spelling: other white space, order of members, numbers, escapes.
std::string respelled(const nlohmann::json& value, seeded_random& random) {
  if (value.is_string())
    return respelled_string(value.get<std::string>(), random);
  if (value.is_number())
    return respelled_number(value, random);
  if (!value.is_structured())
    return value.dump();
  std::vector<std::string> parts;
  for (const auto& [name, member] : value.items()) {
    const auto prefix = value.is_object() ? respelled_string(name, random) + ":" : "";
    parts.push_back(prefix + draw_space(random) + respelled(member, random));
  }
  if (value.is_object() && random() % 2 == 0)
    std::ranges::reverse(parts);
  std::string text = value.is_object() ? "{" : "[";
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i > 0 ? "," : "") + draw_space(random) + parts[i] + draw_space(random);
  return text + (value.is_object() ? "}" : "]");
}

}  // namespace

TEST_CASE("canonical JSON has the form of RFC 8785's example", "[record]") {
  CHECK(canonical(R"({
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    })") ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("members are sorted by the UTF-16 units of their names", "[record]") {
  // The names of RFC 8785, section 3.2.3, in their order there; by bytes, the smiley would be last.
  CHECK(
      canonical(R"({"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7})") ==
      "{\"\\r\":2,\"1\":4,\"\xC2\x80\":6,\"\xC3\xB6\":7,\"\xE2\x82\xAC\":1,"
      "\"\xF0\x9F\x98\x80\":5,\"\xEF\xAC\xB3\":3}");
  CHECK(canonical(R"({"aa":1,"":2,"a":3,"B":4})") == R"({"":2,"B":4,"a":3,"aa":1})");
}

TEST_CASE("numbers are spelled as ECMAScript does", "[record]") {
  const std::vector<std::pair<std::string, std::string>> spellings{
      {"1.0", "1"},
      {"10e-1", "1"},
      {"-0", "0"},
      {"-0.0", "0"},
      {"1e20", "100000000000000000000"},
      {"1e21", "1e+21"},
      {"-1.5e300", "-1.5e+300"},
      {"123456789012345680000", "123456789012345680000"},
      {"0.000001", "0.000001"},
      {"0.0000001", "1e-7"},
      {"1.25e-7", "1.25e-7"},
      {"5e-324", "5e-324"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"9007199254740991", "9007199254740991"},
      {"295147905179352830000", "295147905179352830000"},
      {"0.1", "0.1"},
      {"100.5", "100.5"},
  };
  for (const auto& [given, wanted] : spellings) {
    CAPTURE(given);
    CHECK(canonical(given) == wanted);
  }
}

TEST_CASE("whole numbers that a 64-bit reader can tell apart stay apart", "[record]") {
  CHECK(canonical("9007199254740992") == "9007199254740992");
  CHECK(canonical("9007199254740993") == "9007199254740993");
  CHECK(canonical("18446744073709551615") == "18446744073709551615");
  CHECK(canonical("-9223372036854775808") == "-9223372036854775808");
  // 2^63 as a double, and its neighbour that has the same 16 leading digits.
  CHECK(canonical("9.223372036854775808e18") == canonical("9223372036854775808"));
  CHECK(canonical("9.223372036854775808e18") != canonical("9223372036854776000"));
}

TEST_CASE("two texts have one canonical form exactly when their values are equal", "[record]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{20}));
  CAPTURE(seed);
  seeded_random random{seed};
  std::vector<nlohmann::json> values;
  std::vector<std::string> texts;
  for (auto i = 0; i < 40; ++i) {
    values.push_back(draw_json(random, 3));
    texts.push_back(canonical(respelled(values.back(), random)));
  }
  for (std::size_t a = 0; a < values.size(); ++a) {
    CHECK(canonical(texts[a]) == texts[a]);
    CHECK(nlohmann::json::parse(texts[a]) == values[a]);
    for (std::size_t b = 0; b < a; ++b)
      REQUIRE((texts[a] == texts[b]) == (values[a] == values[b]));
  }
}

TEST_CASE("members left out are those of the outermost object only", "[record]") {
  const std::array<std::string_view, 2> left_out{"b", "missing"};
  CHECK(canonical_json(R"({"a":{"b":1},"b":2,"c":[{"b":3}]})", {}, left_out).value() ==
        R"({"a":{"b":1},"c":[{"b":3}]})");
  CHECK(canonical_json(R"([{"b":1}])", {}, left_out).value() == R"([{"b":1}])");
}

TEST_CASE("what JSON cannot say has no canonical form", "[record]") {
  const auto inside = [](nlohmann::json value) { return nlohmann::json{{"x", std::move(value)}}; };
  for (const auto& bad : {inside("\xFF"), inside(std::numeric_limits<double>::infinity()),
                          inside(nlohmann::json::binary({1, 2})), nlohmann::json{{"\xC3", 1}}}) {
    const auto refused = canonical_json_of(bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
  }
  CHECK_FALSE(canonical_json("\"\xFF\""));
  CHECK_FALSE(canonical_json(R"("\ud800")"));
  CHECK_FALSE(canonical_json(R"({"a":1,"a":1})"));
}

TEST_CASE("canonical JSON is bounded in depth and bytes", "[record]") {
  const json_limits limits{.bytes_max = 8, .depth_max = 2};
  CHECK(canonical_json("[[1]]", limits));
  CHECK(canonical_json("[[[]]]", limits).error().code == errc::invalid_argument);
  CHECK(canonical_json("[1,2,3,4]", limits).error().code == errc::too_large);
  CHECK(canonical_json("1e20", limits).value().size() == 21);
  CHECK(canonical_json_of({{{1}}}, {.depth_max = 2}).error().context ==
        "write canonical JSON: nested deeper than 2 levels");
  CHECK(canonical_json_of("123456", limits));
  CHECK(canonical_json_of("1234567", limits).error().code == errc::too_large);
}
