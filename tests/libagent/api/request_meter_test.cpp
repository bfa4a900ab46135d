#include "libagent/api/request_meter.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("a minute's requests may come at once, and come back evenly", "[api][keys]") {
  request_meter meter{3};
  for (int i = 0; i < 3; ++i)
    CHECK_FALSE(meter.take(t0));
  CHECK(meter.take(t0) == duration{20s});
  CHECK(meter.take(t0 + 5s) == duration{15s});
  CHECK_FALSE(meter.take(t0 + 20s));
  CHECK(meter.take(t0 + 20s));
}

TEST_CASE("a long silence saves no more than a minute's requests", "[api][keys]") {
  request_meter meter{2};
  CHECK_FALSE(meter.take(t0));
  for (int i = 0; i < 2; ++i)
    CHECK_FALSE(meter.take(t0 + 24h));
  CHECK(meter.take(t0 + 24h));
}

TEST_CASE("a meter without a limit never says no", "[api][keys]") {
  request_meter meter{0};
  for (int i = 0; i < 1000; ++i)
    CHECK_FALSE(meter.take(t0));
}
