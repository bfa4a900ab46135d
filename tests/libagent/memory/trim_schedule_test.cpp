#include "libagent/memory/trim_schedule.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

using enum pressure_level;

}  // namespace

TEST_CASE("nothing is trimmed while memory is plentiful or only elevated", "[memory]") {
  trim_schedule trims{2s};
  CHECK_FALSE(trims.is_due(normal, normal, t0 + 1h));
  CHECK_FALSE(trims.is_due(normal, elevated, t0 + 2h));
  CHECK_FALSE(trims.is_due(elevated, elevated, t0 + 3h));
}

TEST_CASE("freed memory is given back when a level is left", "[memory]") {
  trim_schedule trims{2s};
  CHECK(trims.is_due(elevated, normal, t0 + 1h));
  CHECK_FALSE(trims.is_due(normal, normal, t0 + 2h));
}

TEST_CASE("at high and above it is given back every pause, after the caches had one", "[memory]") {
  trim_schedule trims{2s};
  CHECK_FALSE(trims.is_due(elevated, high, t0 + 10s));
  CHECK_FALSE(trims.is_due(high, critical, t0 + 12s - 1ns));
  CHECK(trims.is_due(critical, critical, t0 + 12s));
  CHECK_FALSE(trims.is_due(critical, critical, t0 + 14s - 1ns));
  CHECK(trims.is_due(critical, critical, t0 + 14s));
}

TEST_CASE("while memory is refused it is given back every pause, at any level", "[memory]") {
  trim_schedule trims{2s};
  CHECK(trims.is_due(normal, normal, t0 + 1h, true));
  CHECK_FALSE(trims.is_due(normal, normal, t0 + 1h + 1999ms, true));
  CHECK_FALSE(trims.is_due(normal, normal, t0 + 1h + 2s, false));
  CHECK(trims.is_due(normal, normal, t0 + 1h + 2s, true));
}
