#include "libagent/supervision/restart_backoff.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr backoff_limits plain_backoff{
    .initial = 100ms, .maximum = 1s, .jitter = backoff_jitter::none, .healthy_after = 30s};

}  // namespace

TEST_CASE("backoff restarts at once first, then doubles up to its maximum", "[supervision]") {
  restart_backoff backoff{plain_backoff, 1};
  for (const duration expected : {0ms, 100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms})
    CHECK(backoff.next_delay() == expected);
}

TEST_CASE("backoff starts anew after a healthy period", "[supervision]") {
  restart_backoff backoff{plain_backoff, 1};
  CHECK(backoff.next_delay() == 0ms);
  CHECK(backoff.next_delay() == 100ms);
  backoff.note_uptime(30s - 1ns);
  CHECK(backoff.next_delay() == 200ms);
  backoff.note_uptime(30s);
  CHECK(backoff.next_delay() == 0ms);
}

TEST_CASE("backoff keeps jitter within its range", "[supervision]") {
  const auto seed = GENERATE(range(0U, 16U));
  CAPTURE(seed);
  auto limits = plain_backoff;
  limits.jitter = backoff_jitter::equal;
  restart_backoff equal{limits, seed};
  limits.jitter = backoff_jitter::full;
  restart_backoff full{limits, seed};
  CHECK(equal.next_delay() == 0ms);
  CHECK(full.next_delay() == 0ms);
  for (const duration whole : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    const auto half_random = equal.next_delay();
    CHECK(half_random >= whole / 2);
    CHECK(half_random < whole);
    CHECK(full.next_delay() < whole);
  }
}

TEST_CASE("backoff gives children with different seeds different delays", "[supervision]") {
  auto limits = plain_backoff;
  limits.jitter = backoff_jitter::full;
  restart_backoff one{limits, 1};
  restart_backoff other{limits, 2};
  CHECK(one.next_delay() == other.next_delay());
  CHECK(one.next_delay() != other.next_delay());
}

TEST_CASE("backoff does not overflow with the largest maximum", "[supervision]") {
  restart_backoff backoff{{.initial = 1ns,
                           .maximum = duration::max(),
                           .jitter = backoff_jitter::none,
                           .healthy_after = 1s},
                          1};
  duration before = duration::zero();
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto delay = backoff.next_delay();
    REQUIRE(delay >= before);
    before = delay;
  }
  CHECK(before == duration::max());
}

TEST_CASE("backoff refuses limits that contradict each other", "[supervision]") {
  CHECK_THROWS_AS(restart_backoff({.initial = 2s, .maximum = 1s}, 1), contract_violation);
  CHECK_THROWS_AS(restart_backoff({.initial = 0s, .maximum = 1s}, 1), contract_violation);
}
