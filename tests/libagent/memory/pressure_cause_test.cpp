#include "libagent/memory/pressure_gauge.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

using enum pressure_level;

memory_shares stalls(double some, double full) {
  memory_shares shares;
  shares.stalled = {some, full};
  return shares;
}

/// A reading of a process with a budget of 1000 bytes on a machine with memory to spare.
memory_reading calm_reading(std::uint64_t used_bytes) {
  return {used_bytes, 9'000, 10'000};
}

/// Readings every 100 ms, with stalls for a share of the time.
class stalling_machine {
public:
  void run(duration period, double some, double full) {
    for (const auto end = now_ + period; now_ < end;) {
      now_ += 100ms;
      some_us_ += some * 100'000;
      full_us_ += full * 100'000;
      auto reading = calm_reading(100);
      reading.psi_some_us = static_cast<std::uint64_t>(some_us_);
      reading.psi_full_us = static_cast<std::uint64_t>(full_us_);
      gauge.update(reading, now_);
    }
  }

  pressure_gauge gauge{1'000};

private:
  time_point now_ = t0;
  double some_us_ = 0;
  double full_us_ = 0;
};

}  // namespace

TEST_CASE("levels are entered above their share of stalled time and not at it", "[memory]") {
  const pressure_thresholds limits;
  CHECK(next_level(normal, stalls(0.05, 0), limits) == normal);
  CHECK(next_level(normal, stalls(0.051, 0), limits) == elevated);
  CHECK(next_level(normal, stalls(0.10, 0), limits) == elevated);
  CHECK(next_level(normal, stalls(0.101, 0), limits) == high);
  CHECK(next_level(normal, stalls(0.1, 0.05), limits) == elevated);
  CHECK(next_level(normal, stalls(0.1, 0.051), limits) == critical);
  CHECK(next_level(normal, stalls(1, 1), limits) == critical);
}

TEST_CASE("a level is left below half of the stalls that lead into it", "[memory]") {
  const pressure_thresholds limits;
  CHECK(next_level(elevated, stalls(0.025, 0), limits) == elevated);
  CHECK(next_level(elevated, stalls(0.024, 0), limits) == normal);
  CHECK(next_level(critical, stalls(0.1, 0.026), limits) == critical);
  CHECK(next_level(critical, stalls(0.1, 0.024), limits) == high);
}

TEST_CASE("a machine that stalls on memory raises the level, and says that this is why",
          "[memory]") {
  stalling_machine machine;
  machine.run(10s, 0.08, 0);
  CHECK(machine.gauge.level() == elevated);
  CHECK(machine.gauge.cause() == pressure_cause::stall);
  machine.run(10s, 0.2, 0.08);
  CHECK(machine.gauge.level() == critical);
  machine.run(30s, 0, 0);
  CHECK(machine.gauge.level() == normal);
  CHECK(machine.gauge.cause() == pressure_cause::none);
}

TEST_CASE("the cause tells use, the machine and expected growth apart", "[memory]") {
  pressure_gauge used{1'000};
  used.update(calm_reading(750), t0);
  CHECK(used.cause() == pressure_cause::used);
  pressure_gauge available{1'000};
  available.update({100, 1'500, 10'000}, t0);
  CHECK(available.cause() == pressure_cause::available);
  pressure_gauge growth{1'000};
  growth.update(calm_reading(400), t0);
  CHECK(growth.cause() == pressure_cause::none);
  REQUIRE(growth.update(calm_reading(600), t0 + 500ms) == elevated);
  CHECK(growth.cause() == pressure_cause::growth);
}

TEST_CASE("a failed allocation means critical at once, left like any other entry", "[memory]") {
  pressure_gauge gauge{1'000};
  gauge.update(calm_reading(100), t0);
  CHECK(gauge.note_allocation_failure(t0 + 1s) == critical);
  CHECK(gauge.cause() == pressure_cause::allocation_failure);
  CHECK(gauge.update(calm_reading(100), t0 + 2s) == critical);
  CHECK(gauge.update(calm_reading(100), t0 + 12s - 1ns) == critical);
  CHECK(gauge.update(calm_reading(100), t0 + 12s) == high);
  CHECK(gauge.update(calm_reading(100), t0 + 17s) == elevated);
  CHECK(gauge.cause() == pressure_cause::allocation_failure);
}

TEST_CASE("a second failure starts the calm period again, and never lowers the level", "[memory]") {
  pressure_gauge gauge{1'000};
  gauge.note_allocation_failure(t0);
  gauge.update(calm_reading(100), t0 + 1s);
  gauge.note_allocation_failure(t0 + 10s);
  CHECK(gauge.update(calm_reading(100), t0 + 11s) == critical);
  CHECK(gauge.update(calm_reading(100), t0 + 20s) == critical);
  CHECK(gauge.update(calm_reading(100), t0 + 21s) == high);
  pressure_gauge full{1'000};
  full.note_allocation_failure(t0);
  REQUIRE(full.update(calm_reading(990), t0 + 1s) == emergency);
  CHECK(full.note_allocation_failure(t0 + 2s) == emergency);
}

TEST_CASE("growth that was promised is expected to end where the promise does", "[memory]") {
  pressure_gauge gauge{1'000};
  gauge.update(calm_reading(100), t0, 650);
  CHECK(gauge.update(calm_reading(600), t0 + 500ms, 650) == normal);  // 1100 in prospect without
  CHECK(gauge.update(calm_reading(600), t0 + 600ms, 701) == elevated);
}

TEST_CASE("only what grows beyond the promise is taken for a trend", "[memory]") {
  pressure_gauge gauge{1'000};
  gauge.update(calm_reading(120), t0, 100);
  CHECK(gauge.update(calm_reading(620), t0 + 500ms, 600) == normal);    // 20 more, as before
  CHECK(gauge.update(calm_reading(660), t0 + 600ms, 600) == normal);    // 60: 700 in prospect
  CHECK(gauge.update(calm_reading(661), t0 + 700ms, 600) == elevated);  // 61: 702
  CHECK(gauge.cause() == pressure_cause::growth);
}
