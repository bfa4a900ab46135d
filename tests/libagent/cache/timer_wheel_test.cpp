#include "libagent/cache/timer_wheel.hpp"

#include "libagent/base/random.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <vector>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t enough_steps = 1'000'000;

std::optional<cache_slot> pop_one(timer_wheel& wheel, time_point now) {
  auto steps = enough_steps;
  return wheel.pop_due(now, steps);
}

}  // namespace

TEST_CASE("the timer wheel never gives a slot early, and late by its resolution at most",
          "[cache]") {
  // Near, at the borders of the wheels, and as far as a year.
  const auto ahead = GENERATE(1ns, 10ms, 15ms, 630ms, 640ms, 650ms, 40'960ms, 3h, 36h, 8'760h);
  CAPTURE(ahead.count());
  // Not a bare list: Catch2 2 would keep a reference to what it converts.
  const auto start = GENERATE(values<time_point>({t0, t0 + 639ms, t0 + 100'000h + 7ms}));
  timer_wheel wheel;
  wheel.set(3, start + ahead, start);
  CHECK_FALSE(pop_one(wheel, start + ahead - 1ns).has_value());
  CHECK(pop_one(wheel, start + ahead + timer_wheel::resolution) == 3U);
  CHECK(wheel.size() == 0);
}

TEST_CASE("the timer wheel gives a slot that is due already at once", "[cache]") {
  timer_wheel wheel;
  wheel.set(0, t0 + 1h, t0);
  CHECK_FALSE(pop_one(wheel, t0 + 30min).has_value());
  wheel.set(1, t0 + 1s, t0 + 30min);
  CHECK(pop_one(wheel, t0 + 30min + 10ms) == 1U);
}

TEST_CASE("the timer wheel moves a slot that is set again, and forgets one that is removed",
          "[cache]") {
  timer_wheel wheel;
  wheel.set(0, t0 + 1s, t0);
  wheel.set(1, t0 + 2s, t0);
  wheel.set(0, t0 + 3s, t0);
  CHECK(wheel.size() == 2);
  CHECK(pop_one(wheel, t0 + 2s + 500ms) == 1U);
  CHECK_FALSE(pop_one(wheel, t0 + 2s + 500ms).has_value());
  wheel.remove(0);
  wheel.remove(0);
  CHECK_FALSE(wheel.contains(0));
  CHECK_FALSE(pop_one(wheel, t0 + 1h).has_value());
}

TEST_CASE("the timer wheel does as many steps as it may, and goes on from there", "[cache]") {
  timer_wheel wheel;
  for (cache_slot slot = 0; slot < 1'000; ++slot)
    wheel.set(slot, t0 + 1h + std::chrono::milliseconds{slot}, t0);
  std::size_t calls = 0;
  std::size_t popped = 0;
  while (wheel.size() > 0) {
    std::uint32_t steps = 10;
    while (wheel.pop_due(t0 + 2h, steps))
      ++popped;
    REQUIRE(++calls < 1'000);
  }
  CHECK(popped == 1'000);
  CHECK(calls > 100);
}

TEST_CASE("a time beyond the reach of the timer wheel is cut to it", "[cache]") {
  timer_wheel wheel;
  wheel.set(0, time_point::max(), t0);
  CHECK_FALSE(pop_one(wheel, t0 + timer_wheel::reach - 1ns).has_value());
  CHECK(pop_one(wheel, t0 + timer_wheel::reach + 10ms) == 0U);
}

TEST_CASE("the timer wheel agrees with a sorted model under random operations", "[cache]") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  seeded_random random{seed};
  timer_wheel wheel;
  std::map<cache_slot, time_point> model;
  auto now = t0 + std::chrono::milliseconds{random() % 10'000'000};
  // From milliseconds to a year, so that all wheels turn.
  const auto any_span = [&] {
    return std::chrono::milliseconds{random() % (2ULL << random() % 34)};
  };
  for (int i = 0; i < 2'000; ++i) {
    CAPTURE(i);
    const auto slot = static_cast<cache_slot>(random() % 60);
    if (random() % 4 == 0) {
      wheel.remove(slot);
      model.erase(slot);
    } else {
      model[slot] = now + any_span();
      wheel.set(slot, model[slot], now);
    }
    if (random() % 8 == 0)
      now += std::min<duration>(any_span(), 24h);
    auto steps = static_cast<std::uint32_t>(random() % 40);
    while (const auto due = wheel.pop_due(now, steps)) {
      REQUIRE(model.at(*due) <= now);
      model.erase(*due);
    }
    REQUIRE(wheel.size() == model.size());
    if (steps > 0) {
      for (const auto& [waiting, when] : model)
        REQUIRE(when > now - timer_wheel::resolution);
    }
  }
}
