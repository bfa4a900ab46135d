#include "libagent/cache/expiry_rule.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

TEST_CASE("a value without a time to live of its own gets the default", "[cache]") {
  seeded_random random{1};
  const expiry_rule rule{.default_ttl = 1min, .jitter = 0};
  CHECK(rule.times(t0, 0ms, random).fresh_until == t0 + 1min);
  CHECK(rule.times(t0, -5ms, random).fresh_until == t0 + 1min);
  CHECK(rule.times(t0, 5ms, random).fresh_until == t0 + 5ms);
}

TEST_CASE("a time to live beyond the limit is cut to it", "[cache]") {
  seeded_random random{1};
  const expiry_rule rule{.ttl_max = 1h, .jitter = 0};
  CHECK(rule.times(t0, duration::max(), random).fresh_until == t0 + 1h);
}

TEST_CASE("jitter spreads expiry over its share on both sides", "[cache]") {
  seeded_random random{7};
  const expiry_rule rule{.jitter = 0.1};
  bool is_any_early = false;
  bool is_any_late = false;
  for (int i = 0; i < 1'000; ++i) {
    const auto fresh_until = rule.times(t0, 10s, random).fresh_until;
    REQUIRE(fresh_until >= t0 + 9s);
    REQUIRE(fresh_until <= t0 + 11s);
    is_any_early = is_any_early || fresh_until < t0 + 9s + 200ms;
    is_any_late = is_any_late || fresh_until > t0 + 11s - 200ms;
  }
  CHECK(is_any_early);
  CHECK(is_any_late);
}

TEST_CASE("a value is stale after its time, and then good after a failure only", "[cache]") {
  seeded_random random{1};
  const expiry_rule rule{.jitter = 0, .stale_for = 30s, .error_for = 10min};
  const auto times = rule.times(t0, 1min, random);
  CHECK(times.stored_at == t0);
  CHECK(times.freshness(t0 + 60s - 1ns) == cache_freshness::fresh);
  CHECK(times.freshness(t0 + 60s) == cache_freshness::stale);
  CHECK(times.freshness(t0 + 90s - 1ns) == cache_freshness::stale);
  CHECK(times.freshness(t0 + 90s) == cache_freshness::failed_only);
  CHECK(times.freshness(t0 + 11min - 1ns) == cache_freshness::failed_only);
  CHECK(times.freshness(t0 + 11min) == cache_freshness::gone);
}

TEST_CASE("a value is not stale for longer than it was to be fresh", "[cache]") {
  seeded_random random{1};
  const expiry_rule rule{.jitter = 0, .stale_for = 30s, .error_for = 0s};
  const auto times = rule.times(t0, 2s, random);
  CHECK(times.stale_until == t0 + 4s);
  CHECK(times.error_until == t0 + 4s);
}
