#include "libagent/openai/json_tape.hpp"

#include "libagent/base/random.hpp"
#include "libagent/record/json_parse.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <utility>

using namespace libagent;

namespace {

std::string random_tape_json(seeded_random& random, int depth) {
  const auto kind = random() % (depth > 4 ? 5 : 7);
  static const std::string scalars[] = {"null", "true", "-1.5e3", "\"a\\u00e9\\n\\\"\"", "\"é🦊\""};
  if (kind < 5)
    return scalars[kind];
  std::string out = kind == 5 ? "[" : "{";
  const auto size = random() % 4;
  for (std::uint64_t i = 0; i < size; ++i) {
    out += i == 0 ? " " : " ,\t";
    if (kind == 6)
      out += "\"k" + std::to_string(i) + "\" : ";
    out += random_tape_json(random, depth + 1);
  }
  return out + (kind == 5 ? "\n]" : "}");
}

}  // namespace

TEST_CASE("a tape finds members and elements without copying the text", "[openai]") {
  json_tape tape;
  const std::string text = R"( {"a":[1,{"b":"x"}],"c":null,"d":true,"a2":-7} )";
  REQUIRE(tape.read(text));
  const auto root = tape.root();
  CHECK(root.is_object());
  CHECK(root.size() == 4);
  CHECK(root.find("a").size() == 2);
  CHECK(root.find("a").raw().data() == text.data() + 6);
  CHECK(root.find("c").is_null());
  CHECK_FALSE(root.find("c").has_value());
  CHECK(root.find("d").boolean() == true);
  CHECK(root.find("a2").integer(-7, 0) == -7);
  CHECK_FALSE(root.find("a2").integer(-6, 0));
  CHECK_FALSE(root.find("a2").count());
  CHECK(root.find("nothing").find("below").is_absent());
  CHECK(root.find("nothing").text().empty());
}

TEST_CASE("of a member that an object has twice the last one counts", "[openai]") {
  json_tape tape;
  REQUIRE(tape.read(R"({"a":1,"b":2,"a":3})"));
  CHECK(tape.root().find("a").count() == 3);
}

TEST_CASE("a tape keeps the order of members and the spelling of numbers", "[openai]") {
  json_tape tape;
  REQUIRE(tape.read("{ \"z\" : 1.50,\n \"a\" : [ 1e2 , \"s p\" ] }"));
  CHECK(tape.root().compact() == R"({"z":1.50,"a":[1e2,"s p"]})");
}

TEST_CASE("whole numbers may be spelled with a fraction or an exponent", "[openai]") {
  json_tape tape;
  REQUIRE(tape.read("[2.0,2e1,2.5,18446744073709551615,1e300,-0.0]"));
  std::vector<std::optional<std::uint64_t>> counts;
  tape.root().each_element([&](json_view v) { return counts.push_back(v.count()), true; });
  CHECK(counts[0] == 2);
  CHECK(counts[1] == 20);
  CHECK_FALSE(counts[2]);
  CHECK(counts[3] == 18446744073709551615U);
  CHECK_FALSE(counts[4]);
  CHECK(counts[5] == 0);
}

TEST_CASE("escapes become characters, also in pairs", "[openai]") {
  json_tape tape;
  REQUIRE(tape.read(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83e\udd8a")"));
  CHECK(tape.root().text() == "\"\\/\b\f\n\r\tAé€🦊");
}

TEST_CASE("half a surrogate pair becomes a replacement character", "[openai]") {
  json_tape tape;
  REQUIRE(tape.read(R"({"a":"x\ud83ey","b":"\udd8a"})"));
  CHECK(tape.root().find("a").text() == "x\xEF\xBF\xBDy");
  CHECK(tape.root().compact() == R"({"a":"x\ufffdy","b":"\ufffd"})");
}

TEST_CASE("bad JSON is refused with its line and column", "[openai]") {
  const auto [text, problem] = GENERATE(
      table<std::string, std::string>({{"", "line 1, column 1: the text ends within a value"},
                                       {"{\n\"a\":}", "line 2, column 5: expected a value"},
                                       {"[1,]", "column 4: expected a value"},
                                       {"[1 2]", "column 4: expected ',' or ']'"},
                                       {"{\"a\" 1}", "column 6: expected ':'"},
                                       {"{\"a\":1,}", "column 8: expected a member's name"},
                                       {"{1:2}", "column 2: expected a member's name"},
                                       {"\"a", "column 3: the text ends within a string"},
                                       {"\"\\x\"", "column 3: bad escape in a string"},
                                       {"\"\\u12g4\"", "bad escape in a string"},
                                       {"\"a\nb\"", "control character in a string"},
                                       {"01", "something follows the document"},
                                       {"-", "the text ends within a value"},
                                       {"1.", "expected a digit"},
                                       {"1e+", "expected a digit"},
                                       {"tru", "expected a value"},
                                       {"[", "the text ends within a value"},
                                       {"{} x", "column 4: something follows the document"},
                                       {"\"\xff\"", "a string is not UTF-8"}}));
  CAPTURE(text);
  json_tape tape;
  const auto done = tape.read(text);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == errc::invalid_argument);
  CHECK_THAT(done.error().context, Catch::Contains(problem));
  CHECK(tape.root().is_absent());
}

TEST_CASE("a tape's limits hold on both sides", "[openai]") {
  json_tape tape{{.bytes_max = 10, .depth_max = 2}, json_tape::text_rule::refuse, 4};
  CHECK(tape.read("[[]]      "));
  CHECK(tape.read("[[]]       ").error().code == errc::too_large);
  CHECK(tape.read("[[[]]]").error().code == errc::invalid_argument);
  CHECK(tape.read("[1,2,3]"));
  CHECK(tape.read("[1,2,3,4]").error().code == errc::too_large);
}

TEST_CASE("a tape reads what the document reader reads", "[openai]") {
  const auto seed = GENERATE(range(0U, 200U));
  CAPTURE(seed);
  seeded_random random{seed};
  auto text = random_tape_json(random, 0);
  if (seed % 4 == 3 && !text.empty())
    text[random() % text.size()] = "{}[]\",: x"[random() % 9];  // often no JSON any more
  json_tape tape;
  const auto read = tape.read(text);
  const auto document = nlohmann::json::parse(text, nullptr, false);
  REQUIRE(read.has_value() == !document.is_discarded());
  if (read) {
    CHECK(nlohmann::json::parse(tape.root().compact()) == document);
  }
}
