#include "libagent/memory/stall_window.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

memory_reading stalled_for(std::chrono::microseconds some, std::chrono::microseconds full) {
  memory_reading reading;
  reading.psi_some_us = static_cast<std::uint64_t>(some.count());
  reading.psi_full_us = static_cast<std::uint64_t>(full.count());
  return reading;
}

}  // namespace

TEST_CASE("stalls before the first reading do not count", "[memory]") {
  stall_window window{2s};
  CHECK(window.update(stalled_for(90s, 80s), t0).some == 0);
  CHECK(window.update(stalled_for(90s, 80s), t0 + 1s).full == 0);
}

TEST_CASE("the share is of the whole window, also before a whole window was seen", "[memory]") {
  stall_window window{2s};
  window.update(stalled_for(0us, 0us), t0);
  const auto early = window.update(stalled_for(100ms, 20ms), t0 + 100ms);
  CHECK(early.some == Approx(0.05));
  CHECK(early.full == Approx(0.01));
}

TEST_CASE("a stall is forgotten when it has left the window", "[memory]") {
  stall_window window{2s};
  window.update(stalled_for(0us, 0us), t0);
  for (auto at = 100ms; at < 2s; at += 100ms)
    CHECK(window.update(stalled_for(100ms, 0us), t0 + at).some == Approx(0.05));
  CHECK(window.update(stalled_for(100ms, 0us), t0 + 2s).some == Approx(0.05));
  CHECK(window.update(stalled_for(100ms, 0us), t0 + 2100ms).some == 0);
}

TEST_CASE("readings further apart than the window still count for the time between", "[memory]") {
  stall_window window{2s};
  window.update(stalled_for(0us, 0us), t0);
  CHECK(window.update(stalled_for(1s, 0us), t0 + 10s).some == Approx(0.1));
  CHECK(window.update(stalled_for(1s, 0us), t0 + 20s).some == 0);
}

TEST_CASE("a reading without totals, or with smaller ones, starts anew", "[memory]") {
  stall_window window{2s};
  window.update(stalled_for(1s, 1s), t0);
  CHECK(window.update({}, t0 + 100ms).some == 0);
  CHECK(window.update(stalled_for(2s, 2s), t0 + 200ms).some == 0);
  CHECK(window.update(stalled_for(1s, 1s), t0 + 300ms).some == 0);
  CHECK(window.update(stalled_for(1500ms, 1s), t0 + 400ms).some == Approx(0.25));
}

TEST_CASE("no more than all of the time can be lost", "[memory]") {
  stall_window window{2s};
  window.update(stalled_for(0us, 0us), t0);
  CHECK(window.update(stalled_for(3s, 3s), t0 + 2s).full == 1);
}
