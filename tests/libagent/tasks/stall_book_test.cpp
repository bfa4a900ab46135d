#include "libagent/tasks/stall_book.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <string>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("a stall is counted from one limit on and reported from the next", "[tasks]") {
  stall_book book;
  CHECK(book.note("tool", 1ms - 1ns) == stall_verdict::none);
  CHECK(book.list().empty());
  CHECK(book.note("tool", 1ms) == stall_verdict::counted);
  CHECK(book.note("tool", 10ms - 1ns) == stall_verdict::counted);
  CHECK(book.note("tool", 10ms) == stall_verdict::reported);
  const auto records = book.list();
  REQUIRE(records.size() == 1);
  CHECK(records[0].tool == "tool");
  CHECK(records[0].count == 3);
  CHECK(records[0].total == 21ms - 1ns);
  CHECK(records[0].longest == 10ms);
  CHECK(records[0].offences == 1);
  CHECK_FALSE(records[0].moved);
}

TEST_CASE("the third offence moves a tool, and only once", "[tasks]") {
  stall_book book;
  CHECK(book.note("tool", 20ms) == stall_verdict::reported);
  CHECK(book.note("other", 20ms) == stall_verdict::reported);
  CHECK(book.note("tool", 20ms) == stall_verdict::reported);
  CHECK(book.note("tool", 5ms) == stall_verdict::counted);
  CHECK_FALSE(book.is_moved("tool"));
  CHECK(book.note("tool", 20ms) == stall_verdict::moved);
  CHECK(book.is_moved("tool"));
  CHECK(book.note("tool", 20ms) == stall_verdict::reported);
  CHECK(book.is_moved("tool"));
  CHECK_FALSE(book.is_moved("other"));
  CHECK_FALSE(book.is_moved("unknown"));
}

TEST_CASE("no tool is moved when no number of offences is set", "[tasks]") {
  stall_book book{{.offences_max = 0}};
  for (int i = 0; i < 100; ++i)
    CHECK(book.note("tool", 1s) == stall_verdict::reported);
  CHECK_FALSE(book.is_moved("tool"));
}

TEST_CASE("what is counted must not be longer than what is reported", "[tasks]") {
  const auto make = [] {
    const stall_book book{{.counted = 11ms}};
    return book.list().size();
  };
  CHECK_THROWS_AS(make(), contract_violation);
}

TEST_CASE("the book lists its tools by name", "[tasks]") {
  stall_book book;
  book.note("b", 1ms);
  book.note("a", 1ms);
  REQUIRE(book.list().size() == 2);
  CHECK(book.list()[0].tool == "a");
}

TEST_CASE("one tool too many pushes out the one that stalled least recently", "[tasks]") {
  stall_book book{{.offences_max = 1}};
  REQUIRE(book.note("moved", 20ms) == stall_verdict::moved);
  for (std::size_t i = 1; i < stall_book::tools_max; ++i)
    book.note("tool " + std::to_string(i), 1ms);
  book.note("tool 1", 1ms);
  book.note("one more", 1ms);
  const auto records = book.list();
  CHECK(records.size() == stall_book::tools_max);
  CHECK(book.is_moved("moved"));
  const auto holds = [&records](const std::string& tool) {
    return std::ranges::any_of(records, [&](const auto& known) { return known.tool == tool; });
  };
  CHECK(holds("tool 1"));
  CHECK_FALSE(holds("tool 2"));
  CHECK(holds("one more"));
}

TEST_CASE("a book full of moved tools forgets none and still judges new ones", "[tasks]") {
  stall_book book{{.offences_max = 1}};
  for (std::size_t i = 0; i < stall_book::tools_max; ++i)
    book.note("tool " + std::to_string(i), 20ms);
  CHECK(book.note("new", 5ms) == stall_verdict::counted);
  CHECK(book.note("new", 20ms) == stall_verdict::reported);
  CHECK_FALSE(book.is_moved("new"));
  CHECK(book.is_moved("tool 0"));
  CHECK(book.list().size() == stall_book::tools_max);
}
