#include "libagent/cache/wall_times.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <limits>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr clock_reading before_restart{.steady = time_point{1'000s}, .wall = 1'700'000'000'000};

/// Another monotonic clock, and `passed` later on the wall.
clock_reading after_restart(std::chrono::milliseconds passed) {
  return {.steady = time_point{5s}, .wall = before_restart.wall + passed.count()};
}

wall_times stored_before_restart() {
  const auto now = before_restart.steady;
  return to_wall_times({.stored_at = now - 10s,
                        .fresh_until = now + 50s,
                        .stale_until = now + 80s,
                        .error_until = now + 90s},
                       before_restart);
}

}  // namespace

TEST_CASE("times survive a change of the monotonic clock", "[cache]") {
  const auto now = after_restart(20s);
  const auto times = from_wall_times(stored_before_restart(), now).value();
  CHECK(times.stored_at == now.steady - 30s);
  CHECK(times.fresh_until == now.steady + 30s);
  CHECK(times.stale_until == now.steady + 60s);
  CHECK(times.error_until == now.steady + 70s);
}

TEST_CASE("an entry is gone once its last time is over", "[cache]") {
  CHECK(from_wall_times(stored_before_restart(), after_restart(90s - 1ms)));
  CHECK_FALSE(from_wall_times(stored_before_restart(), after_restart(90s)));
}

TEST_CASE("an entry without an end has none after a restart", "[cache]") {
  const auto forever = to_wall_times({.stored_at = before_restart.steady}, before_restart);
  const auto now = after_restart(std::chrono::hours{24 * 365});
  const auto times = from_wall_times(forever, now).value();
  CHECK(times.error_until == time_point::max());
  CHECK(times.stored_at == now.steady - std::chrono::hours{24 * 365});
}

TEST_CASE("a wall clock set back a little makes no entry live longer than its time", "[cache]") {
  const auto now = after_restart(-30s);
  const auto times = from_wall_times(stored_before_restart(), now).value();
  CHECK(times.stored_at == now.steady);
  CHECK(times.fresh_until == now.steady + 60s);
  CHECK(times.error_until == now.steady + 100s);
}

TEST_CASE("a wall clock set back by more ends an entry, as its age is not known", "[cache]") {
  CHECK(from_wall_times(stored_before_restart(), after_restart(-10s - clock_step_max)));
  CHECK_FALSE(from_wall_times(stored_before_restart(), after_restart(-10s - clock_step_max - 1ms)));
  CHECK_FALSE(from_wall_times(stored_before_restart(), {.steady = {}, .wall = 0}));
}

TEST_CASE("times that make no sense are gone, not an overflow", "[cache]") {
  constexpr auto least = std::numeric_limits<unix_millis>::min();
  constexpr auto most = std::numeric_limits<unix_millis>::max();
  const auto now = after_restart(0s);
  CHECK_FALSE(from_wall_times({least, most, most, most}, now));
  CHECK_FALSE(from_wall_times({5, 4, most, most}, now));
  CHECK_FALSE(from_wall_times({most, most, most, most}, now));
  CHECK_FALSE(from_wall_times({0, most, most, most}, {.steady = {}, .wall = least}));
  const auto ancient =
      from_wall_times({0, 0, most - 1, most - 1}, {.steady = {}, .wall = most / 2});
  REQUIRE(ancient);
  CHECK(ancient->fresh_until < time_point{});
  CHECK(ancient->error_until > time_point{});
}
