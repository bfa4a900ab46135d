#include "libagent/knowledge/terms.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

using stems = std::vector<std::string>;

TEST_CASE("words are folded, parted at punctuation and stemmed", "[knowledge]") {
  CHECK(stems_of("The memory_monitor's LEVELS, re-sampled.") ==
        stems{"the", "memori", "monitor", "level", "re", "sampl"});
  CHECK(stems_of("don't") == stems{"dont"});
  CHECK(stems_of("Café naïve") == stems{"cafe", "naiv"});
}

TEST_CASE("numbers keep their dots and lose their grouping", "[knowledge]") {
  CHECK(stems_of("CAF 0.18.7.") == stems{"caf", "0.18.7"});
  CHECK(stems_of("10,000 and 1,2") == stems{"10000", "and", "1", "2"});
  CHECK(stems_of("2.5ms") == stems{"2.5ms"});
}

TEST_CASE("languages named by a letter and a sign are terms", "[knowledge]") {
  CHECK(stems_of("C++ and C#") == stems{"c++", "and", "c#"});
}

TEST_CASE("Chinese gives overlapping pairs and the last letter of each run", "[knowledge]") {
  CHECK(stems_of("内存监视器。") == stems{"内存", "存监", "监视", "视器", "器"});
  CHECK(stems_of("猫 和") == stems{"猫", "和"});
  CHECK(stems_of("使用CAF框架") == stems{"使用", "用", "caf", "框架", "架"});
}

TEST_CASE("a term knows its place in the text", "[knowledge]") {
  const std::string_view text = "  Größe: 内存";
  term_reader reader{text};
  const auto* found = reader.next();
  REQUIRE(found != nullptr);
  CHECK(text.substr(found->begin, found->end - found->begin) == "Größe");
  CHECK(found->word == "grose");
  found = reader.next();
  REQUIRE(found != nullptr);
  CHECK(text.substr(found->begin, found->end - found->begin) == "内存");
  CHECK(found->unsegmented);
  CHECK_FALSE(found->run_tail);
  found = reader.next();
  REQUIRE(found != nullptr);
  CHECK(found->run_tail);
  CHECK(reader.next() == nullptr);
}

TEST_CASE("a word longer than the limit gives no term", "[knowledge]") {
  const std::string longest(term_reader::word_bytes_max, '7');
  CHECK(stems_of(longest + " a").size() == 2);
  CHECK(stems_of(longest + "7 a") == stems{"a"});
}

TEST_CASE("any bytes can be cut into terms", "[knowledge]") {
  seeded_random random{GENERATE(range(std::uint64_t{0}, std::uint64_t{20}))};
  std::string bytes(4'000, ' ');
  for (auto& byte : bytes)
    byte = static_cast<char>(random() >> 56U);
  term_reader reader{bytes};
  std::size_t begin_before = 0;
  while (const auto* found = reader.next()) {
    REQUIRE_FALSE(found->stem.empty());
    REQUIRE(found->begin >= begin_before);
    REQUIRE(found->end > found->begin);
    REQUIRE(found->end <= bytes.size());
    begin_before = found->begin;
  }
}
