#include "libagent/tasks/retry_policy.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr auto random_max = std::numeric_limits<std::uint64_t>::max();

/// The longest delay that any of many random numbers gives.
std::chrono::milliseconds longest_delay(const retry_policy& policy, std::uint32_t failures) {
  seeded_random random{7};
  auto longest = 0ms;
  for (int i = 0; i < 20'000; ++i) {
    longest = std::max(longest, retry_delay(policy, failures, {errc::unavailable, ""}, random()));
  }
  return longest;
}

}  // namespace

TEST_CASE("only errors that can pass by themselves are tried again", "[tasks]") {
  const retry_policy policy;
  const std::vector<errc> passing{errc::unavailable, errc::overloaded, errc::rate_limited};
  for (int code = 0; code <= static_cast<int>(errc::context_too_long); ++code) {
    CAPTURE(code);
    const auto is_passing = std::ranges::count(passing, static_cast<errc>(code)) == 1;
    CHECK(may_pass(static_cast<errc>(code), policy) == is_passing);
  }
}

TEST_CASE("a tool's own failure is tried again only where its policy says so", "[tasks]") {
  CHECK_FALSE(may_pass(errc::tool_failed, {.retries_tool_failed = false}));
  CHECK(may_pass(errc::tool_failed, {.retries_tool_failed = true}));
  CHECK_FALSE(may_pass(errc::invalid_argument, {.retries_tool_failed = true}));
}

TEST_CASE("the longest wait before a retry doubles with each failure up to the cap", "[tasks]") {
  const retry_policy policy{.base = 10ms, .cap = 85ms};
  CHECK(longest_delay(policy, 1) == 10ms);
  CHECK(longest_delay(policy, 2) == 20ms);
  CHECK(longest_delay(policy, 3) == 40ms);
  CHECK(longest_delay(policy, 4) == 80ms);
  CHECK(longest_delay(policy, 5) == 85ms);
  CHECK(longest_delay(policy, std::numeric_limits<std::uint32_t>::max()) == 85ms);
}

TEST_CASE("the wait before a retry is spread evenly from nothing on", "[tasks]") {
  const retry_policy policy{.base = 9ms, .cap = 1s};
  std::vector<int> seen(10);
  seeded_random random{3};
  for (int i = 0; i < 100'000; ++i) {
    const auto delay = retry_delay(policy, 1, {errc::unavailable, ""}, random());
    ++seen.at(static_cast<std::size_t>(delay.count()));
  }
  const auto [least, most] = std::ranges::minmax(seen);
  CHECK(least > 9'500);
  CHECK(most < 10'500);
}

TEST_CASE("a retry comes no sooner than the failed side asked for", "[tasks]") {
  const retry_policy policy{.base = 100ms, .cap = 1s};
  const error told{.code = errc::rate_limited, .context = "", .retry_after = 5s};
  CHECK(retry_delay(policy, 1, told, 0) == 5s);
  CHECK(retry_delay(policy, 1, told, 100) == 5s);
  const error soon{.code = errc::rate_limited, .context = "", .retry_after = 30ms};
  CHECK(retry_delay(policy, 1, soon, 29) == 30ms);
  CHECK(retry_delay(policy, 1, soon, 31) == 31ms);
  const error odd{.code = errc::rate_limited, .context = "", .retry_after = -5s};
  CHECK(retry_delay(policy, 1, odd, 0) == 0ms);
}

TEST_CASE("odd retry policies neither overflow nor give a negative wait", "[tasks]") {
  using std::chrono::milliseconds;
  const error why{errc::unavailable, ""};
  const auto far = milliseconds::max();
  CHECK(retry_delay({.base = 1ms, .cap = far}, 1'000, why, random_max / 2) == far);
  CHECK(retry_delay({.base = far, .cap = far}, 2, why, random_max / 2) == far);
  CHECK(retry_delay({.base = 0ms, .cap = far}, 4'000'000'000, why, random_max) == 0ms);
  CHECK(retry_delay({.base = -5ms, .cap = 1s}, 3, why, random_max) == 0ms);
  CHECK(retry_delay({.base = 5ms, .cap = -1s}, 3, why, random_max) == 0ms);
  CHECK_THROWS_AS(retry_delay({}, 0, why, 1), contract_violation);
}
