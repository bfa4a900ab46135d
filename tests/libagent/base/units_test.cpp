#include "libagent/base/units.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

std::string size_error(std::string_view text) {
  const auto read = parse_byte_size(text);
  return read ? "accepted" : read.error().context;
}

std::string duration_error(std::string_view text) {
  const auto read = parse_duration(text);
  return read ? "accepted" : read.error().context;
}

}  // namespace

TEST_CASE("sizes are read in all units and in either case", "[base]") {
  CHECK(parse_byte_size("0").value() == byte_size{0});
  CHECK(parse_byte_size("65536").value() == byte_size{65'536});
  CHECK(parse_byte_size("64MiB").value() == mebibytes(64));
  CHECK(parse_byte_size("64mib").value() == mebibytes(64));
  CHECK(parse_byte_size("10 kB").value() == byte_size{10'000});
  CHECK(parse_byte_size("1.5GB").value() == byte_size{1'500'000'000});
  CHECK(parse_byte_size("0.125KiB").value() == byte_size{128});
  CHECK(parse_byte_size("1.05MB").value() == byte_size{1'050'000});
}

TEST_CASE("what is no size is refused with what would be one", "[base]") {
  CHECK(size_error("many") == R"(read size "many": expected a size such as 64MiB, 1.5GB or 65536)");
  CHECK(size_error("64 parsecs") ==
        R"(read size "64 parsecs": unknown unit "parsecs" (known: B, kB, MB, GB, TB, KiB, MiB, )"
        "GiB, TiB)");
  CHECK(size_error("1.5B") == R"(read size "1.5B": not a whole number of bytes up to 2^60)");
  for (const std::string_view text : {"", "-1", " 1", "1..5MB", "1.MB", ".5MB", "1.2345MB", "1e3",
                                      "64M", "99999999999999999999", "inf"}) {
    CAPTURE(text);
    CHECK(size_error(text) != "accepted");
  }
}

TEST_CASE("the largest size is 1 EiB", "[base]") {
  CHECK(parse_byte_size("1048576TiB").value() == byte_size_max);
  CHECK(size_error("1048576.001TiB") != "accepted");
  CHECK(size_error("1152921504606846977") != "accepted");
}

TEST_CASE("a size is written exactly, in the largest binary unit", "[base]") {
  CHECK(to_string(byte_size{0}) == "0");
  CHECK(to_string(mebibytes(64)) == "64MiB");
  CHECK(to_string(gibibytes(1)) == "1GiB");
  CHECK(to_string(byte_size{1'500'000}) == "1500000");
  for (const std::uint64_t bytes : {1ULL, 1023ULL, 1024ULL, 1025ULL, 3ULL << 40U, 1ULL << 60U})
    CHECK(parse_byte_size(to_string(byte_size{bytes})).value() == byte_size{bytes});
}

TEST_CASE("durations are read in all units", "[base]") {
  CHECK(parse_duration("0").value() == 0s);
  CHECK(parse_duration("250ms").value() == 250ms);
  CHECK(parse_duration("5s").value() == 5s);
  CHECK(parse_duration("1.5m").value() == 90s);
  CHECK(parse_duration("2 h").value() == 2h);
  CHECK(parse_duration("1d").value() == 24h);
  CHECK(parse_duration("10us").value() == 10us);
}

TEST_CASE("what is no duration is refused with what would be one", "[base]") {
  CHECK(duration_error("soon") ==
        R"(read duration "soon": expected a duration such as 250ms, 5s, 2m or 1h)");
  CHECK(duration_error("500") ==
        R"(read duration "500": the unit is missing (known: ns, us, ms, s, m, h, d))");
  CHECK(duration_error("5 weeks") ==
        R"(read duration "5 weeks": unknown unit "weeks" (known: ns, us, ms, s, m, h, d))");
  CHECK(duration_error("1.5ns") ==
        R"(read duration "1.5ns": not a whole number of nanoseconds up to 100 years)");
  CHECK(duration_error("-1s") != "accepted");
}

TEST_CASE("the longest duration is a hundred years", "[base]") {
  CHECK(parse_duration("36500d").value() == 24h * 36'500);
  CHECK(duration_error("36500.001d") != "accepted");
}

TEST_CASE("a duration is written exactly, in the largest unit", "[base]") {
  CHECK(duration_text(0s) == "0s");
  CHECK(duration_text(100ms) == "100ms");
  CHECK(duration_text(1'000ms) == "1s");
  CHECK(duration_text(90s) == "90s");
  CHECK(duration_text(1h) == "1h");
  CHECK(duration_text(-5s) == "-5s");
}
