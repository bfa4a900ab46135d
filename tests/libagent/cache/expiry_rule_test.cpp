#include "libagent/cache/expiry_rule.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

TEST_CASE("a value without a time to live of its own gets the default", "[cache]") {
  seeded_random random{1};
  const expiry_rule rule{.default_ttl = 1min, .jitter = 0};
  CHECK(rule.expires_at(t0, 0ms, random) == t0 + 1min);
  CHECK(rule.expires_at(t0, -5ms, random) == t0 + 1min);
  CHECK(rule.expires_at(t0, 5ms, random) == t0 + 5ms);
}

TEST_CASE("a time to live beyond the limit is cut to it", "[cache]") {
  seeded_random random{1};
  const expiry_rule rule{.ttl_max = 1h, .jitter = 0};
  CHECK(rule.expires_at(t0, duration::max(), random) == t0 + 1h);
}

TEST_CASE("jitter spreads expiry over its share on both sides", "[cache]") {
  seeded_random random{7};
  const expiry_rule rule{.jitter = 0.1};
  bool is_any_early = false;
  bool is_any_late = false;
  for (int i = 0; i < 1'000; ++i) {
    const auto expires_at = rule.expires_at(t0, 10s, random);
    REQUIRE(expires_at >= t0 + 9s);
    REQUIRE(expires_at <= t0 + 11s);
    is_any_early = is_any_early || expires_at < t0 + 9s + 200ms;
    is_any_late = is_any_late || expires_at > t0 + 11s - 200ms;
  }
  CHECK(is_any_early);
  CHECK(is_any_late);
}
