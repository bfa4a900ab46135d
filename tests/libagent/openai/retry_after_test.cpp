#include "libagent/openai/retry_after.hpp"

#include "libagent/http/wire.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("dates are read in all three forms of HTTP", "[openai]") {
  constexpr unix_millis time = 784'111'777'000;
  CHECK(read_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == time);
  CHECK(read_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == time);
  CHECK(read_http_date("Sun Nov  6 08:49:37 1994") == time);
}

TEST_CASE("every date that is written reads back the same", "[openai]") {
  for (unix_millis time = 0; time < 4'000'000'000'000; time += 98'765'432'000)
    CHECK(read_http_date(http_date(time)) == time);
}

TEST_CASE("what is no date is none", "[openai]") {
  const std::string text = GENERATE(
      "", "x", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT+1",
      "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 06 ovD 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun, -1 Nov 1994 08:49:37 GMT");
  CAPTURE(text);
  CHECK_FALSE(read_http_date(text));
}

TEST_CASE("a wait is never negative and at most a day", "[openai]") {
  const auto wait = [](const char* text) {
    return read_retry_after({{"Retry-After", text}}, 784'111'777'000);
  };
  CHECK(wait("0") == 0ms);
  CHECK(wait("86400") == 24h);
  CHECK(wait("86401") == 24h);
  CHECK(wait("1e300") == 24h);
  CHECK(wait("Sun, 06 Nov 1994 08:49:36 GMT") == 0ms);
  CHECK(wait("Sun, 06 Nov 2094 08:49:36 GMT") == 24h);
  CHECK_FALSE(wait("-1"));
  CHECK_FALSE(wait("nan"));
  CHECK_FALSE(wait("1s"));
}
