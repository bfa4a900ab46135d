#include "libagent/models/aimd_limit.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::t0;

TEST_CASE("a refusal halves the limit, and the others of its round change nothing", "[models]") {
  aimd_limit limit{16};
  limit.on_overload(t0, t0 + 1s);
  CHECK(limit.current() == 8);
  limit.on_overload(t0 + 500ms, t0 + 1'200ms);  // began before the cut
  CHECK(limit.current() == 8);
  limit.on_overload(t0 + 1'100ms, t0 + 2s);
  CHECK(limit.current() == 4);
}

TEST_CASE("the limit never falls below one", "[models]") {
  aimd_limit limit{3};
  for (int i = 1; i < 10; ++i)
    limit.on_overload(t0 + i * 1s, t0 + i * 1s);
  CHECK(limit.current() == 1);
}

TEST_CASE("after a rest the limit grows by one for each round of answers, up to the usual",
          "[models]") {
  aimd_limit limit{4};
  limit.on_overload(t0, t0);
  REQUIRE(limit.current() == 2);
  for (int i = 0; i < 100; ++i)
    limit.on_success(t0 + aimd_limit::rest - 1ns);
  CHECK(limit.current() == 2);
  limit.on_success(t0 + aimd_limit::rest);
  CHECK(limit.current() == 2);
  limit.on_success(t0 + 2s);
  limit.on_success(t0 + 2s);
  CHECK(limit.current() == 3);
  for (int i = 0; i < 100; ++i)
    limit.on_success(t0 + 3s);
  CHECK(limit.current() == 4);
}

TEST_CASE("a new usual number counts at once, unless the limit was cut", "[models]") {
  aimd_limit limit{4};
  limit.set_usual(10);
  CHECK(limit.current() == 10);
  limit.on_overload(t0, t0);
  limit.set_usual(20);
  CHECK(limit.current() == 5);
  limit.set_usual(3);
  CHECK(limit.current() == 3);
}
