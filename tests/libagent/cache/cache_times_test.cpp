#include "libagent/cache/cache_times.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

TEST_CASE("a value without an end is fresh for ever", "[cache]") {
  CHECK(cache_times{t0}.freshness(time_point::max() - 1ns) == cache_freshness::fresh);
}

TEST_CASE("a value is due so long before its end as chance and its computation say", "[cache]") {
  const auto times = cache_times::until(t0, t0 + 100s);
  const auto due_at = [&](duration compute_time, double beta, double u, time_point now) {
    return is_due_early(times, compute_time, beta, u, now);
  };
  // -ln(1/e) is 1: one computation ahead.
  const auto one_ahead = std::exp(-1.0);
  CHECK_FALSE(due_at(10s, 1, one_ahead, t0 + 90s - 1us));
  CHECK(due_at(10s, 1, one_ahead, t0 + 90s + 1us));
  CHECK_FALSE(due_at(10s, 2, one_ahead, t0 + 80s - 1us));
  CHECK(due_at(10s, 2, one_ahead, t0 + 80s + 1us));
  CHECK_FALSE(due_at(10s, 0, one_ahead, t0 + 100s - 1ns));
  CHECK_FALSE(due_at(0s, 1, one_ahead, t0 + 100s - 1ns));
  CHECK_FALSE(due_at(10s, 1, 1.0, t0 + 100s - 1ns));
}

TEST_CASE("policies weigh an entry by money, else tokens, else time", "[cache]") {
  CHECK(policy_cost({.compute_time = 2s, .tokens = 30, .micro_cost = 7}) == 7);
  CHECK(policy_cost({.compute_time = 2s, .tokens = 30}) == 30);
  CHECK(policy_cost({.compute_time = 2s}) == 2'000);
  CHECK(policy_cost({.compute_time = 999us}) == 1);
  CHECK(policy_cost({}) == 1);
  CHECK(policy_cost({.micro_cost = 1ULL << 40U}) == std::numeric_limits<std::uint32_t>::max());
}
