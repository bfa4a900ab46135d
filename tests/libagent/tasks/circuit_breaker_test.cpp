#include "libagent/tasks/circuit_breaker.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <functional>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

const time_point breaker_start{};

/// One breaker for the name "x".
struct one_circuit {
  circuit_breaker breaker{breaker_limits{}, 1};
  time_point now = breaker_start;

  void fail(int times) {
    for (int i = 0; i < times; ++i)
      breaker.on_result("x", breaker_result::failed, now);
  }

  void succeed(int times) {
    for (int i = 0; i < times; ++i)
      breaker.on_result("x", breaker_result::ok, now);
  }

  [[nodiscard]] breaker_state state() const { return breaker.state_of("x", now); }

  /// Waits for the probe and begins it. Returns how long the wait was.
  std::chrono::milliseconds begin_probe() {
    const auto wait = breaker.admit("x", now);
    REQUIRE(wait);
    now += *wait - 1ms;
    CHECK(breaker.admit("x", now).has_value());
    now += 1ms;
    CHECK_FALSE(breaker.admit("x", now).has_value());
    return *wait;
  }
};

}  // namespace

TEST_CASE("a breaker opens at the fifth failure in a row and not before") {
  one_circuit x;
  x.fail(4);
  CHECK_FALSE(x.breaker.admit("x", x.now));
  x.succeed(1);
  x.fail(4);
  CHECK_FALSE(x.breaker.admit("x", x.now));
  x.fail(1);
  CHECK(x.state() == breaker_state::open);
  CHECK(x.breaker.admit("x", x.now).has_value());
  CHECK_FALSE(x.breaker.admit("y", x.now).has_value());
}

TEST_CASE("a breaker opens when half of the last twenty calls failed") {
  one_circuit x;
  x.fail(1);
  // 9 failures among 20, never five in a row; then a tenth in place of the first success.
  for (int i = 0; i < 8; ++i) {
    x.succeed(1);
    x.fail(1);
  }
  x.succeed(3);
  CHECK(x.state() == breaker_state::closed);
  x.fail(1);  // the first failure has left the window: still 9
  CHECK(x.state() == breaker_state::closed);
  x.fail(1);  // a success has left it: 10
  CHECK(x.state() == breaker_state::open);
}

TEST_CASE("half of fewer than twenty calls is no reason yet") {
  one_circuit x;
  for (int i = 0; i < 9; ++i) {
    x.fail(1);
    x.succeed(1);
  }
  CHECK(x.state() == breaker_state::closed);
}

TEST_CASE("an open breaker lets one call at a time through after its pause") {
  one_circuit x;
  x.fail(5);
  const auto pause = x.begin_probe();
  CHECK(pause >= 5s);
  CHECK(pause <= 6s);
  CHECK(x.state() == breaker_state::half_open);
  const auto behind = x.breaker.admit("x", x.now);
  REQUIRE(behind);  // while the probe is under way
  CHECK(*behind == 5s);
  x.succeed(1);
  CHECK(x.state() == breaker_state::closed);
  CHECK_FALSE(x.breaker.admit("x", x.now));
  // It begins anew: one more failure is one.
  x.fail(4);
  CHECK(x.state() == breaker_state::closed);
}

TEST_CASE("each failed probe doubles the pause up to a minute, and an answer resets it") {
  one_circuit x;
  x.fail(5);
  for (const auto pause : {5s, 10s, 20s, 40s, 60s, 60s, 60s}) {
    const auto waited = x.begin_probe();
    CHECK(waited >= pause);
    CHECK(waited <= pause + pause / 5);
    x.fail(1);
  }
  CHECK(x.breaker.opened() == 8);
  x.begin_probe();
  x.succeed(1);
  x.fail(5);
  CHECK(x.begin_probe() <= 6s);
}

TEST_CASE("pauses differ by the random number that they are given") {
  one_circuit x;
  x.fail(5);
  const auto first = x.breaker.held_for("x", x.now);
  circuit_breaker other{breaker_limits{}, 2};
  for (int i = 0; i < 5; ++i)
    other.on_result("x", breaker_result::failed, x.now);
  CHECK(first != other.held_for("x", x.now));
}

TEST_CASE("what proves nothing opens nothing, and hands the probe to the next call") {
  one_circuit x;
  for (int i = 0; i < 10; ++i)
    x.breaker.on_result("x", breaker_result::other, x.now);
  CHECK(x.breaker.size() == 0);
  x.fail(5);
  x.begin_probe();
  x.breaker.on_result("x", breaker_result::other, x.now);
  CHECK_FALSE(x.breaker.admit("x", x.now).has_value());
  CHECK(x.breaker.admit("x", x.now).has_value());
}

TEST_CASE("a probe that never ends is written off after its limit") {
  one_circuit x;
  x.fail(5);
  x.begin_probe();
  x.now += 60s - 1ms;
  const auto wait = x.breaker.admit("x", x.now);
  CHECK(wait == 1ms);
  x.now += 1ms;
  CHECK_FALSE(x.breaker.admit("x", x.now).has_value());
}

TEST_CASE("a call that began before the breaker opened does not touch an open one") {
  one_circuit x;
  x.fail(5);
  const auto held = x.breaker.held_for("x", x.now);
  x.succeed(3);
  x.fail(3);
  CHECK(x.state() == breaker_state::open);
  CHECK(x.breaker.held_for("x", x.now) == held);
  CHECK(x.breaker.opened() == 1);
}

TEST_CASE("asking how long a name is held takes no probe and counts nothing") {
  one_circuit x;
  CHECK_FALSE(x.breaker.held_for("x", x.now).has_value());
  x.fail(5);
  const auto held = x.breaker.held_for("x", x.now);
  REQUIRE(held);
  CHECK(x.breaker.refused() == 0);
  x.now += *held;
  CHECK_FALSE(x.breaker.held_for("x", x.now).has_value());
  CHECK_FALSE(x.breaker.held_for("x", x.now).has_value());
  CHECK_FALSE(x.breaker.admit("x", x.now).has_value());
  CHECK(x.breaker.held_for("x", x.now) == 5s);
}

TEST_CASE("a name that works costs nothing, and one that failed once is forgotten in time") {
  one_circuit x;
  x.succeed(100);
  CHECK(x.breaker.size() == 0);
  x.fail(1);
  CHECK(x.breaker.size() == 1);
  x.succeed(19);
  CHECK(x.breaker.size() == 1);
  x.succeed(1);
  CHECK(x.breaker.size() == 0);
}

TEST_CASE("past the number of names a closed one is forgotten before an open one") {
  circuit_breaker breaker{{.names_max = 2}, 1};
  for (int i = 0; i < 5; ++i)
    breaker.on_result("down", breaker_result::failed, breaker_start);
  breaker.on_result("shaky", breaker_result::failed, breaker_start);
  breaker.on_result("new", breaker_result::failed, breaker_start);
  CHECK(breaker.size() == 2);
  CHECK(breaker.state_of("down", breaker_start) == breaker_state::open);
  const auto kept = breaker.status(breaker_start);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].name == "down");
  CHECK(kept[1].name == "new");
  for (int i = 0; i < 4; ++i)
    breaker.on_result("new", breaker_result::failed, breaker_start);
  (void)breaker.admit("down", breaker_start);
  breaker.on_result("newest", breaker_result::failed, breaker_start);
  CHECK(breaker.state_of("new", breaker_start) == breaker_state::closed);  // forgotten
  CHECK(breaker.state_of("down", breaker_start) == breaker_state::open);
}

TEST_CASE("the status tells the state, how often it opened, and when the next probe is") {
  one_circuit x;
  x.fail(5);
  (void)x.breaker.admit("x", x.now);
  const auto told = x.breaker.status(x.now);
  REQUIRE(told.size() == 1);
  CHECK(told.front() == breaker_status{.name = "x",
                                       .state = breaker_state::open,
                                       .opened = 1,
                                       .refused = 1,
                                       .next_probe = x.breaker.held_for("x", x.now)});
  x.now += 6s;
  CHECK(x.breaker.status(x.now).front().state == breaker_state::half_open);
  CHECK_FALSE(x.breaker.status(x.now).front().next_probe.has_value());
}

TEST_CASE("errors that may pass count as failures, and what the caller did wrong as an answer") {
  for (const auto code : {errc::unavailable, errc::deadline_exceeded, errc::overloaded,
                          errc::rate_limited, errc::crashed})
    CHECK(breaker_result_of(code) == breaker_result::failed);
  for (const auto code : {errc::ok, errc::invalid_argument, errc::not_found, errc::tool_failed})
    CHECK(breaker_result_of(code) == breaker_result::ok);
  for (const auto code : {errc::cancelled, errc::internal, errc::io_failed})
    CHECK(breaker_result_of(code) == breaker_result::other);
}

TEST_CASE("a breaker does what a naive one does, whatever the order of events") {
  const auto seed = GENERATE(range(0U, 200U));
  CAPTURE(seed);
  seeded_random random{seed};
  one_circuit x;
  std::deque<bool> last;  // of the calls since it was last closed, true: failed
  bool is_open = false;
  const bool is_flaky = random.unit() < 0.5;
  for (int step = 0; step < 300; ++step) {
    if (is_open) {
      x.begin_probe();
      if (random.unit() < 0.5) {
        x.fail(1);
        continue;
      }
      x.succeed(1);
      is_open = false;
      last.clear();
      continue;
    }
    REQUIRE_FALSE(x.breaker.admit("x", x.now).has_value());
    const bool failed = random.unit() < (is_flaky ? 0.45 : 0.1);
    failed ? x.fail(1) : x.succeed(1);
    last.push_back(failed);
    if (last.size() > 20)
      last.pop_front();
    const auto failures = std::ranges::count(last, true);
    const bool row = last.size() >= 5 && std::all_of(last.end() - 5, last.end(), std::identity{});
    is_open = row || (last.size() == 20 && failures >= 10);
    REQUIRE((x.state() == breaker_state::open) == is_open);
    // A name without failures is forgotten, and its window begins anew with the next one.
    if (x.breaker.size() == 0)
      last.clear();
  }
}
