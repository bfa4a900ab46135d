#include "libagent/tasks/service_times.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

double milliseconds_of(duration length) {
  return std::chrono::duration<double, std::milli>{length}.count();
}

}  // namespace

TEST_CASE("nothing is estimated for a target that never ran", "[tasks]") {
  service_times times;
  times.note("known", 1ms);
  CHECK_FALSE(times.estimate("unknown"));
  REQUIRE(times.estimate("known"));
  CHECK(times.estimate("known")->samples == 1);
}

TEST_CASE("the mean is plain at first and then follows the latest runs", "[tasks]") {
  service_times times;
  for (int i = 1; i <= 10; ++i)
    times.note("tool", std::chrono::milliseconds{10 * i});
  CHECK(times.estimate("tool")->mean == 55ms);
  times.note("tool", 155ms);
  CHECK(times.estimate("tool")->mean == 65ms);
  for (int i = 0; i < 60; ++i)
    times.note("tool", 1ms);
  CHECK(milliseconds_of(times.estimate("tool")->mean) == Approx(1).margin(0.2));
}

TEST_CASE("the 90th percentile tells a target with a slow tail from an even one", "[tasks]") {
  service_times times;
  for (int i = 0; i < 200; ++i) {
    times.note("even", 30ms);
    times.note("tail", i % 5 == 0 ? 110ms : 10ms);
  }
  CHECK(milliseconds_of(times.estimate("even")->p90) == Approx(30).epsilon(0.05));
  CHECK(milliseconds_of(times.estimate("tail")->p90) == Approx(110).epsilon(0.05));
}

TEST_CASE("a run that took less than nothing counts as zero", "[tasks]") {
  service_times times;
  times.note("tool", -5ms);
  CHECK(times.estimate("tool")->mean == 0ms);
  CHECK(times.slowest(1).front().total == 0ms);
}

TEST_CASE("the slowest targets come first, with what they took", "[tasks]") {
  service_times times;
  times.note("quick", 1ms);
  times.note("slow", 2s);
  times.note("slow", 4s);
  times.note("middle", 50ms);
  const auto slowest = times.slowest(2);
  REQUIRE(slowest.size() == 2);
  CHECK(slowest[0].name == "slow");
  CHECK(slowest[0].mean == 3s);
  CHECK(slowest[0].max == 4s);
  CHECK(slowest[0].count == 2);
  CHECK(slowest[0].total == 6s);
  CHECK(slowest[1].name == "middle");
  CHECK(times.slowest(10).size() == 3);
}

TEST_CASE("the least recently noted target makes room for one too many", "[tasks]") {
  service_times times;
  for (std::size_t i = 0; i < service_times::targets_max; ++i)
    times.note("target " + std::to_string(i), 1ms);
  times.note("target 0", 1ms);
  CHECK(times.size() == service_times::targets_max);
  times.note("one more", 1ms);
  CHECK(times.size() == service_times::targets_max);
  CHECK(times.estimate("target 0"));
  CHECK_FALSE(times.estimate("target 1"));
  CHECK(times.estimate("target 2"));
  CHECK(times.estimate("one more"));
}
