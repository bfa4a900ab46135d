#include "libagent/cache/pressure_sizing.hpp"

#include "libagent/base/random.hpp"
#include "libagent/memory/pressure_gauge.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <optional>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t configured = 1'000'000;

// A cache that is full at any size, and of which nothing else is known.
constexpr cache_fill_level full_cache{1'000'000'000, {}};

// A full one in which each MiB brings ten hits a second, and each of the last ones as much.
constexpr cache_fill_level hungry_cache{1'000'000'000, {10, 10, 1'000}};

// One that holds all that is used.
constexpr cache_fill_level sated_cache{1'000'000'000, {0, 0, 1'000}};

/// Calls `advance` every 100 ms until `end`.
std::uint64_t run_until(pressure_sizing& sizing, time_point from, time_point end,
                        const cache_fill_level& filled) {
  for (auto now = from; now <= end; now += 100ms)
    sizing.advance(now, filled);
  return sizing.capacity_bytes();
}

/// Counts how often a size turns, and how long it goes on in between.
class turn_watch {
public:
  void see(std::uint64_t bytes, time_point now) {
    if (before_ && bytes != *before_) {
      const bool is_up = bytes > *before_;
      if (was_up_ && is_up != *was_up_) {
        shortest_ = turned_at_ ? std::min(shortest_, now - *turned_at_) : shortest_;
        turned_at_ = now;
        ++turns_;
      }
      was_up_ = is_up;
    }
    before_ = bytes;
  }

  [[nodiscard]] int turns() const { return turns_; }

  [[nodiscard]] duration shortest() const { return shortest_; }

private:
  std::optional<std::uint64_t> before_;
  std::optional<bool> was_up_;
  std::optional<time_point> turned_at_;
  duration shortest_ = duration::max();
  int turns_ = 0;
};

}  // namespace

TEST_CASE("elevated pressure stops growth at what the cache holds", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::elevated, 300'000, t0) == 300'000);
  CHECK(sizing.advance(t0 + 1h, hungry_cache) == 300'000);
}

TEST_CASE("an almost empty cache keeps its floor under elevated pressure", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::elevated, 10, t0) == 50'000);
}

TEST_CASE("the floor is the larger of a share and a size, but not above what is configured",
          "[cache]") {
  CHECK(pressure_sizing{configured, {.floor_bytes = 70'000}}.floor_bytes() == 70'000);
  CHECK(pressure_sizing{configured, {.floor_bytes = 30'000}}.floor_bytes() == 50'000);
  CHECK(pressure_sizing{configured, {.floor_bytes = 2'000'000}}.floor_bytes() == configured);
}

TEST_CASE("high pressure shrinks by five percent of the configured size every 100 ms", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::high, configured, t0) == configured);
  CHECK(sizing.advance(t0 + 100ms, full_cache) == 950'000);
  CHECK(sizing.advance(t0 + 200ms, full_cache) == 900'000);
}

TEST_CASE("high pressure shrinks from what is held and ends at the floor", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::high, 120'000, t0) == 120'000);
  CHECK(sizing.advance(t0 + 100ms, full_cache) == 70'000);
  CHECK(sizing.advance(t0 + 200ms, full_cache) == 50'000);
  CHECK(sizing.advance(t0 + 300ms, full_cache) == 50'000);
}

TEST_CASE("critical pressure goes to the floor at once", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_level(pressure_level::critical, configured, t0) == 50'000);
  CHECK(sizing.set_level(pressure_level::emergency, 50'000, t0) == 50'000);
}

TEST_CASE("a pause of the process does not turn into one huge step", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::high, configured, t0);
  CHECK(sizing.advance(t0 + 1h, full_cache) == 500'000);
}

TEST_CASE("growth starts only after a calm period at normal and is slow", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::critical, configured, t0);
  sizing.set_level(pressure_level::normal, 0, t0 + 1s);
  CHECK(sizing.advance(t0 + 31s - 1ms, full_cache) == 50'000);
  CHECK(sizing.advance(t0 + 31s, full_cache) > 50'000);
  CHECK(sizing.advance(t0 + 32s, full_cache) == Approx(70'000).margin(100));
  CHECK(run_until(sizing, t0 + 32s, t0 + 79s, full_cache) == configured);
}

TEST_CASE("a return of pressure starts the calm period again", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::critical, configured, t0);
  sizing.set_level(pressure_level::normal, 0, t0 + 1s);
  sizing.set_level(pressure_level::elevated, 0, t0 + 29s);
  sizing.set_level(pressure_level::normal, 0, t0 + 30s);
  CHECK(sizing.advance(t0 + 59s, full_cache) == 50'000);
}

TEST_CASE("a cache that is known not to gain does not grow back", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::critical, configured, t0);
  sizing.set_level(pressure_level::normal, 0, t0 + 1s);
  CHECK(run_until(sizing, t0 + 2s, t0 + 5min, sated_cache) == 50'000);
  CHECK(sizing.advance(t0 + 5min + 1s, {45'000, {10, 10, 1'000}}) > 50'000);
}

TEST_CASE("a cache too small for what it is asked to keep grows back all the same", "[cache]") {
  pressure_sizing sizing{configured};
  sizing.set_level(pressure_level::critical, configured, t0);
  sizing.set_level(pressure_level::normal, 0, t0 + 1s);
  CHECK(run_until(sizing, t0 + 2s, t0 + 5min, {}) == configured);
}

TEST_CASE("a cache grows beyond its configured size only where that is worth it", "[cache]") {
  pressure_sizing sizing{configured, {.ceiling_share = 1.5}};
  CHECK(run_until(sizing, t0, t0 + 5min, full_cache) == configured);
  CHECK(run_until(sizing, t0 + 5min, t0 + 10min, hungry_cache) == 1'500'000);
  CHECK(run_until(sizing, t0 + 10min, t0 + 15min, sated_cache) == configured);
}

TEST_CASE("without pressure a cache goes on in one direction before it turns", "[cache]") {
  pressure_sizing sizing{configured, {.ceiling_share = 1.5}};
  turn_watch watch;
  seeded_random random{3};
  // Advice that contradicts itself all the time.
  for (auto now = t0; now < t0 + 30min; now += 100ms)
    watch.see(sizing.advance(now, random() % 2 == 0 ? hungry_cache : sated_cache), now);
  CHECK(watch.turns() > 0);
  CHECK(watch.shortest() >= 30s);
}

TEST_CASE("an operator's size holds at once at normal and is a bound under pressure", "[cache]") {
  pressure_sizing sizing{configured};
  CHECK(sizing.set_configured(2'000'000) == 2'000'000);
  sizing.set_level(pressure_level::elevated, 600'000, t0);
  CHECK(sizing.set_configured(5'000'000) == 600'000);
  CHECK(sizing.set_configured(400'000) == 400'000);
}

TEST_CASE("a process that fills its memory makes the cache give way and come back, once each",
          "[cache]") {
  constexpr std::uint64_t mib = 1ULL << 20U;
  constexpr std::uint64_t budget = 1'000 * mib;
  pressure_gauge gauge{budget};
  pressure_sizing sizing{400 * mib};
  turn_watch watch;
  // The rest of the process grows to 700 MiB within a minute, stays for five, and is freed.
  const auto others = [](duration elapsed) {
    const auto seconds = std::chrono::duration<double>{elapsed}.count();
    if (seconds > 360)
      return 100 * mib;
    return 100 * mib + static_cast<std::uint64_t>(std::min(seconds, 60.0) * 10.0) * mib;
  };
  std::uint64_t held = 400 * mib;
  duration over_budget{};
  for (auto now = t0; now < t0 + 15min; now += 100ms) {
    const auto used = others(now - t0) + held;
    const auto level = gauge.update(
        {.resident_bytes = used, .available_bytes = 32'000 * mib, .total_bytes = 64'000 * mib},
        now);
    sizing.set_level(level, held, now);
    const auto capacity = sizing.advance(now, {held, {10, 10, 1'000}});
    REQUIRE(capacity >= sizing.floor_bytes());
    watch.see(capacity, now);
    // It evicts at once, and fills its room at 20 MiB a second.
    held = std::min(capacity, held + 2 * mib);
    over_budget += used > budget ? 100ms : 0ms;
  }
  CHECK(over_budget < 300ms);
  CHECK(watch.shortest() >= 30s);
  CHECK(watch.turns() <= 3);
  CHECK(held == 400 * mib);
}
