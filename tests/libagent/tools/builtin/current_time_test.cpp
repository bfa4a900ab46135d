#include "libagent/tools/builtin/current_time.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("time is given in UTC or at an offset", "[tools]") {
  constexpr unix_millis leap_day = 1'709'209'845'999;  // 2024-02-29T12:30:45.999Z
  const auto utc = current_time({"Z"}, leap_day);
  REQUIRE(utc);
  CHECK(utc->time == "2024-02-29T12:30:45Z");
  CHECK(utc->weekday == "Thursday");
  CHECK(utc->unix_ms == leap_day);
  CHECK(current_time({"+08:00"}, leap_day)->time == "2024-02-29T20:30:45+08:00");
  const auto next_day = current_time({"+12:00"}, leap_day);
  CHECK(next_day->time == "2024-03-01T00:30:45+12:00");
  CHECK(next_day->weekday == "Friday");
  CHECK(current_time({"-03:30"}, leap_day)->time == "2024-02-29T09:00:45-03:30");
  CHECK(current_time({"+00:00"}, 0)->time == "1970-01-01T00:00:00Z");
}

TEST_CASE("an offset that is none is refused with what would be right", "[tools]") {
  CHECK(current_time({"+18:00"}, 0));
  for (const auto* offset : {"", "8", "+8:00", "+18:01", "+08:60", "08:00Z", "+0x:00"}) {
    CAPTURE(offset);
    const auto refused = current_time({offset}, 0);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
    CHECK(refused.error().context.find("+hh:mm") != std::string::npos);
  }
}
