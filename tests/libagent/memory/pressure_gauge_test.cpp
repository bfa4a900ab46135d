#include "libagent/memory/pressure_gauge.hpp"

#include "libagent/base/random.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

using enum pressure_level;

/// Readings of a process with a budget of 1000 bytes on a machine with memory to spare.
memory_reading use_of(std::uint64_t bytes) {
  return {bytes, 9'000, 10'000, std::nullopt};
}

/// A gauge that is sampled every 100 ms.
class sampled_gauge {
public:
  /// Reads the same until `period` has passed; returns the level then.
  pressure_level hold(const memory_reading& reading, duration period) {
    for (const auto end = now_ + period; now_ < end;) {
      now_ += 100ms;
      gauge_.update(reading, now_);
    }
    return gauge_.level();
  }

private:
  pressure_gauge gauge_{1'000};
  time_point now_ = t0;
};

}  // namespace

TEST_CASE("levels are entered above their threshold of use and not at it", "[memory]") {
  const pressure_thresholds limits;
  CHECK(next_level(normal, {.used = 0.70}, limits) == normal);
  CHECK(next_level(normal, {.used = 0.701}, limits) == elevated);
  CHECK(next_level(normal, {.used = 0.801}, limits) == high);
  CHECK(next_level(normal, {.used = 0.901}, limits) == critical);
  CHECK(next_level(normal, {.used = 0.961}, limits) == emergency);
}

TEST_CASE("levels are entered when the machine runs short, however little we use", "[memory]") {
  const pressure_thresholds limits;
  CHECK(next_level(normal, {.used = 0, .available = 0.20}, limits) == normal);
  CHECK(next_level(normal, {.used = 0, .available = 0.19}, limits) == elevated);
  CHECK(next_level(normal, {.used = 0, .available = 0.11}, limits) == high);
  CHECK(next_level(normal, {.used = 0, .available = 0.05}, limits) == critical);
}

TEST_CASE("between its two thresholds a level stays as it is", "[memory]") {
  const pressure_thresholds limits;
  CHECK(next_level(elevated, {.used = 0.66}, limits) == elevated);
  CHECK(next_level(elevated, {.used = 0.65}, limits) == elevated);
  CHECK(next_level(elevated, {.used = 0.64}, limits) == normal);
  CHECK(next_level(high, {.used = 0.73}, limits) == high);
  CHECK(next_level(high, {.used = 0.1, .available = 0.14}, limits) == high);
}

TEST_CASE("levels are left one at a time", "[memory]") {
  CHECK(next_level(emergency, {.used = 0}, {}) == critical);
  CHECK(next_level(critical, {.used = 0}, {}) == high);
}

TEST_CASE("a rise goes one level every half second, and from critical on at once", "[memory]") {
  pressure_gauge gauge{1'000};
  const auto full = use_of(990);
  CHECK(gauge.update(full, t0) == elevated);
  CHECK(gauge.update(full, t0 + 500ms - 1ns) == elevated);
  CHECK(gauge.update(full, t0 + 500ms) == high);
  CHECK(gauge.update(full, t0 + 1'000ms) == critical);
  CHECK(gauge.update(full, t0 + 1'001ms) == emergency);
}

TEST_CASE("growth counts before it has happened", "[memory]") {
  pressure_gauge gauge{1'000};
  CHECK(gauge.update(use_of(400), t0) == normal);
  CHECK(gauge.update(use_of(550), t0 + 500ms) == normal);      // 700 in prospect: at the threshold
  CHECK(gauge.update(use_of(551), t0 + 1'000ms) == elevated);  // 702
}

TEST_CASE("a single jump is not taken for a trend that goes on", "[memory]") {
  sampled_gauge gauge;
  gauge.hold(use_of(300), 2s);
  CHECK(gauge.hold(use_of(640), 900ms) == high);  // 980 in prospect, but levels rise one by one
  CHECK(gauge.hold(use_of(640), 30s) == normal);
}

TEST_CASE("a level is left only after its calm period", "[memory]") {
  pressure_gauge gauge{1'000};
  REQUIRE(gauge.update(use_of(750), t0) == elevated);
  CHECK(gauge.update(use_of(600), t0 + 2s) == elevated);
  CHECK(gauge.update(use_of(600), t0 + 7s - 1ns) == elevated);
  CHECK(gauge.update(use_of(600), t0 + 7s) == normal);
}

TEST_CASE("one busy sample starts the calm period again", "[memory]") {
  pressure_gauge gauge{1'000};
  REQUIRE(gauge.update(use_of(750), t0) == elevated);
  gauge.update(use_of(600), t0 + 2s);
  gauge.update(use_of(690), t0 + 5s);
  gauge.update(use_of(600), t0 + 8s);
  CHECK(gauge.update(use_of(600), t0 + 12s) == elevated);
  CHECK(gauge.update(use_of(600), t0 + 13s) == normal);
}

TEST_CASE("from emergency to normal takes the calm periods of all levels", "[memory]") {
  sampled_gauge gauge;
  REQUIRE(gauge.hold(use_of(990), 3s) == emergency);
  CHECK(gauge.hold(use_of(100), 9s) == emergency);
  CHECK(gauge.hold(use_of(100), 2s) == critical);
  CHECK(gauge.hold(use_of(100), 10s) == high);
  CHECK(gauge.hold(use_of(100), 5s) == elevated);
  CHECK(gauge.hold(use_of(100), 5s) == normal);
}

TEST_CASE("the control group counts when it uses more than the process", "[memory]") {
  pressure_gauge gauge{1'000};
  auto reading = use_of(100);
  reading.group_bytes = 750;
  CHECK(gauge.update(reading, t0) == elevated);
}

TEST_CASE("an unknown machine size is not taken for a machine without memory", "[memory]") {
  pressure_gauge gauge{1'000};
  CHECK(gauge.update({100, 0, 0, std::nullopt}, t0) == normal);
}

TEST_CASE("levels move one at a time and keep their pace on any readings", "[memory]") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  seeded_random random{seed};
  pressure_gauge gauge{1'000};
  auto now = t0;
  auto moved_at = t0 - 1h;
  auto before = normal;
  for (int i = 0; i < 5'000; ++i) {
    now += std::chrono::milliseconds{random() % 400};
    const auto after = gauge.update(use_of(random() % 1'100), now);
    const auto step = static_cast<int>(after) - static_cast<int>(before);
    REQUIRE(std::abs(step) <= 1);
    if (step > 0 && after != emergency)
      REQUIRE(now - moved_at >= 500ms);
    if (step < 0)
      REQUIRE(now - moved_at >= 5s);
    if (step != 0)
      moved_at = now;
    before = after;
  }
}
