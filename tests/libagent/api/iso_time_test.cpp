#include "libagent/api/iso_time.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;

TEST_CASE("a time is shown in UTC, with a fraction only when there is one", "[api]") {
  CHECK(iso_time(0) == "1970-01-01T00:00:00Z");
  CHECK(iso_time(1'709'210'096'007) == "2024-02-29T12:34:56.007Z");
  CHECK(iso_time(-5) == "1970-01-01T00:00:00Z");
  CHECK(iso_time(253'402'300'800'000) == "9999-12-31T23:59:59.999Z");
}

TEST_CASE("ISO 8601 is read with and without seconds, fraction and offset", "[api]") {
  CHECK(*read_iso_time("2024-02-29T12:34:56.007Z") == 1'709'210'096'007);
  CHECK(*read_iso_time("2024-02-29T12:34:56Z") == 1'709'210'096'000);
  CHECK(*read_iso_time("2024-02-29 12:34") == 1'709'210'040'000);
  CHECK(*read_iso_time("2024-02-29T14:34+02:00") == 1'709'210'040'000);
  CHECK(*read_iso_time("2024-02-29T07:04-05:30") == 1'709'210'040'000);
  CHECK(*read_iso_time("2024-02-29") == 1'709'164'800'000);
  CHECK(*read_iso_time("2024-02-29T12:34:56,5Z") == 1'709'210'096'500);
}

TEST_CASE("what is shown is read as the same time", "[api]") {
  for (const unix_millis time : {unix_millis{0}, unix_millis{999}, unix_millis{1'700'000'000'123},
                                 unix_millis{253'402'300'799'999}})
    CHECK(*read_iso_time(iso_time(time)) == time);
}

TEST_CASE("a time that does not exist is refused with an example", "[api]") {
  for (const auto* text :
       {"", "2023-02-29", "2024-13-01", "2024-00-10", "2024-02-29T24:00Z", "2024-02-29T12:60Z",
        "2024-02-29T12:34:60Z", "2024-02-29T12:34:56.Z", "2024-02-29T12:34:56.1234Z", "2024-02-29T",
        "2024-02-29T12", "2024-2-9", "2024-02-29T12:34+02", "1969-12-31", "1970-01-01T00:30+01:00",
        "tomorrow", "2024-02-29T12:34Z "}) {
    CAPTURE(text);
    const auto read = read_iso_time(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().context.find("2026-01-31T08:00:00Z") != std::string::npos);
  }
}
