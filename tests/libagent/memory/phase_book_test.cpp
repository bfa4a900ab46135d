#include "libagent/memory/phase_book.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

TEST_CASE("samples are filed under the phase that was entered last", "[memory]") {
  phase_book book;
  book.enter("load", t0);
  book.sample(100, t0 + 100ms);
  book.sample(300, t0 + 200ms);
  book.enter("input", t0 + 250ms);
  book.sample(50, t0 + 300ms);
  const auto phases = book.list();
  REQUIRE(phases.size() == 2);
  CHECK(phases[0] == memory_phase{"load", 1, 2, 200, 300, 250ms});
  CHECK(phases[1] == memory_phase{"input", 1, 1, 50, 50, 50ms});
}

TEST_CASE("a phase that comes again goes on where it was", "[memory]") {
  phase_book book;
  book.enter("load", t0);
  book.sample(100, t0 + 100ms);
  book.enter("input", t0 + 100ms);
  book.enter("load", t0 + 300ms);
  book.sample(200, t0 + 400ms);
  const auto phases = book.list();
  REQUIRE(phases.size() == 2);
  CHECK(phases[0] == memory_phase{"load", 2, 2, 150, 200, 200ms});
  CHECK(phases[1] == memory_phase{"input", 1, 0, 0, 0, 200ms});
}

TEST_CASE("samples before the first phase and after the last are filed nowhere", "[memory]") {
  phase_book book;
  book.sample(900, t0);
  book.enter("load", t0 + 1s);
  book.enter("", t0 + 2s);
  book.sample(900, t0 + 9s);
  const auto phases = book.list();
  REQUIRE(phases.size() == 1);
  CHECK(phases[0] == memory_phase{"load", 1, 0, 0, 0, 1s});
}

TEST_CASE("names are cut, and cut between characters", "[memory]") {
  phase_book book;
  book.enter(std::string(64, 'a'), t0);
  book.enter(std::string(65, 'a'), t0);
  book.enter(std::string(63, 'b') + "\u00e9", t0);
  const auto phases = book.list();
  REQUIRE(phases.size() == 2);
  CHECK(phases[0].name == std::string(64, 'a'));
  CHECK(phases[0].entered == 2);
  CHECK(phases[1].name == std::string(63, 'b'));
}

TEST_CASE("names beyond the bound are filed together, and known ones stay themselves", "[memory]") {
  phase_book book;
  for (int i = 0; i < 1'000; ++i) {
    book.enter("phase " + std::to_string(i), t0);
    book.sample(7, t0);
  }
  book.enter("phase 62", t0);
  const auto phases = book.list();
  REQUIRE(phases.size() == phase_book::phases_max);
  CHECK(phases[62].name == "phase 62");
  CHECK(phases[62].entered == 2);
  CHECK(phases[63].name == phase_book::other_phases);
  CHECK(phases[63].samples == 937);
}

TEST_CASE("a time that goes back, as two threads may report it, costs nothing", "[memory]") {
  phase_book book;
  book.enter("load", t0 + 1s);
  book.sample(5, t0);
  book.enter("input", t0 + 500ms);
  book.sample(5, t0 + 2s);
  const auto phases = book.list();
  CHECK(phases[0].time == 0s);
  CHECK(phases[1].time == 1s);
}
