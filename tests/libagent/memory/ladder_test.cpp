#include "libagent/memory/ladder.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

using enum pressure_level;

}  // namespace

TEST_CASE("long tasks go down to half, and then to one", "[memory]") {
  CHECK(batch_permits(8, normal) == 8);
  CHECK(batch_permits(8, elevated) == 8);
  CHECK(batch_permits(8, high) == 4);
  CHECK(batch_permits(8, critical) == 1);
  CHECK(batch_permits(8, emergency) == 1);
}

TEST_CASE("half of an odd number is rounded up, and nothing stays nothing", "[memory]") {
  CHECK(batch_permits(5, high) == 3);
  CHECK(batch_permits(1, high) == 1);
  CHECK(batch_permits(0, high) == 0);
  CHECK(batch_permits(0, emergency) == 0);
  CHECK(batch_permits(~0U, high) == 1U << 31U);
}

TEST_CASE("each measure begins at its level", "[memory]") {
  CHECK_FALSE(preempts(high));
  CHECK(preempts(critical));
  CHECK(preempts(emergency));
  CHECK_FALSE(cancels(critical));
  CHECK(cancels(emergency));
  CHECK_FALSE(releases_reserve(critical));
  CHECK(releases_reserve(emergency));
  CHECK(refills_reserve(elevated));
  CHECK_FALSE(refills_reserve(high));
}

TEST_CASE("at critical one task is pre-empted per pause, and none below", "[memory]") {
  ladder_pace pace{1s};
  CHECK(pace.due(high, t0) == ladder_step::none);
  REQUIRE(pace.due(critical, t0) == ladder_step::preempt);
  pace.taken(ladder_step::preempt, t0);
  CHECK(pace.due(critical, t0 + 1s - 1ns) == ladder_step::none);
  CHECK(pace.due(critical, t0 + 1s) == ladder_step::preempt);
  CHECK(pace.due(high, t0 + 1s) == ladder_step::none);
}

TEST_CASE("a step that found no task stays due", "[memory]") {
  const ladder_pace pace{1s};
  CHECK(pace.due(critical, t0) == ladder_step::preempt);
  CHECK(pace.due(critical, t0 + 1ms) == ladder_step::preempt);
}

TEST_CASE("at emergency cancelling comes first and pre-empting goes on beside it", "[memory]") {
  ladder_pace pace{1s};
  REQUIRE(pace.due(emergency, t0) == ladder_step::cancel);
  pace.taken(ladder_step::cancel, t0);
  REQUIRE(pace.due(emergency, t0) == ladder_step::preempt);
  pace.taken(ladder_step::preempt, t0);
  CHECK(pace.due(emergency, t0 + 999ms) == ladder_step::none);
  CHECK(pace.due(emergency, t0 + 1s) == ladder_step::cancel);
}
