#include "libagent/cache/pressure_sizing.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t configured = 1'000'000;

}  // namespace

TEST_CASE("elevated pressure stops growth at what the cache holds", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::elevated, 300'000, t0) == 300'000);
  CHECK(sizing.advance(t0 + 1h) == 300'000);
}

TEST_CASE("an almost empty cache keeps its floor under elevated pressure", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::elevated, 10, t0) == 50'000);
}

TEST_CASE("high pressure shrinks by five percent of the configured size every 100 ms", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::high, configured, t0) == configured);
  CHECK(sizing.advance(t0 + 100ms) == 950'000);
  CHECK(sizing.advance(t0 + 200ms) == 900'000);
}

TEST_CASE("high pressure shrinks from what is held and ends at the floor", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::high, 120'000, t0) == 120'000);
  CHECK(sizing.advance(t0 + 100ms) == 70'000);
  CHECK(sizing.advance(t0 + 200ms) == 50'000);
  CHECK(sizing.advance(t0 + 300ms) == 50'000);
}

TEST_CASE("critical pressure goes to the floor at once", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::critical, configured, t0) == 50'000);
  CHECK(sizing.set_level(pressure_level::emergency, 50'000, t0) == 50'000);
}

TEST_CASE("a pause of the process does not turn into one huge step", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::high, configured, t0);
  CHECK(sizing.advance(t0 + 1h) == 500'000);
}

TEST_CASE("growth starts only after a calm period at normal and is slow", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::critical, configured, t0);
  sizing.set_level(pressure_level::normal, 0, t0 + 1s);
  CHECK(sizing.advance(t0 + 11s - 1ms) == 50'000);
  CHECK(sizing.advance(t0 + 11s) > 50'000);
  CHECK(sizing.advance(t0 + 12s) == Approx(70'000).margin(100));
  for (auto second = 13s; second < 80s; ++second)
    sizing.advance(t0 + second);
  CHECK(sizing.capacity_bytes() == configured);
}

TEST_CASE("a return of pressure starts the calm period again", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::critical, configured, t0);
  sizing.set_level(pressure_level::normal, 0, t0 + 1s);
  sizing.set_level(pressure_level::elevated, 0, t0 + 9s);
  sizing.set_level(pressure_level::normal, 0, t0 + 10s);
  CHECK(sizing.advance(t0 + 19s) == 50'000);
}

TEST_CASE("an operator's size holds at once at normal and is a bound under pressure", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_configured(2'000'000) == 2'000'000);
  sizing.set_level(pressure_level::elevated, 600'000, t0);
  CHECK(sizing.set_configured(5'000'000) == 600'000);
  CHECK(sizing.set_configured(400'000) == 400'000);
}
