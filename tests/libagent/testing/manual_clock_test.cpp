#include "libagent/testing/manual_clock.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("what waits for a manual clock runs in the order of its times, each at its time",
          "[testing]") {
  manual_clock clock{time_point{1h}};
  std::string order;
  const auto note = [&](char name, duration at) {
    CHECK(clock.now() == time_point{1h} + at);
    order += name;
  };
  clock.after(20ms, [&] { note('c', 20ms); });
  clock.after(10ms, [&] {
    note('a', 10ms);
    clock.after(5ms, [&] { note('b', 15ms); });
  });
  clock.after(20ms, [&] { note('d', 20ms); });
  clock.after(21ms, [&] { note('e', 21ms); });
  clock.advance(20ms);
  CHECK(order == "abcd");
  CHECK(clock.waiting() == 1);
  CHECK(clock.advance_to_next());
  CHECK(order == "abcde");
  CHECK_FALSE(clock.advance_to_next());
  CHECK(clock.now() == time_point{1h + 21ms});
}

TEST_CASE("what is due already does not wait for a manual clock", "[testing]") {
  manual_clock clock;
  bool ran = false;
  clock.after(0ms, [&] { ran = true; });
  CHECK(ran);
  CHECK(clock.waiting() == 0);
}
