#include "libagent/supervision/restart_intensity.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr time_point intensity_t0{100s};

}  // namespace

TEST_CASE("restart intensity admits exactly max_restarts within a period", "[supervision]") {
  restart_intensity intensity{{.max_restarts = 3, .period = 10s}};
  CHECK(intensity.admit(intensity_t0));
  CHECK(intensity.admit(intensity_t0 + 1s));
  CHECK(intensity.admit(intensity_t0 + 9s));
  CHECK_FALSE(intensity.admit(intensity_t0 + 9s));
}

TEST_CASE("restart intensity forgets a restart once it is a full period old", "[supervision]") {
  restart_intensity intensity{{.max_restarts = 1, .period = 10s}};
  REQUIRE(intensity.admit(intensity_t0));
  CHECK_FALSE(intensity.admit(intensity_t0 + 10s - 1ns));
  CHECK(intensity.admit(intensity_t0 + 10s));
}

TEST_CASE("restart intensity of zero admits no restart at all", "[supervision]") {
  restart_intensity intensity{{.max_restarts = 0, .period = 10s}};
  CHECK_FALSE(intensity.admit(intensity_t0));
}

TEST_CASE("restart intensity refuses a period that is no time", "[supervision]") {
  CHECK_THROWS_AS(restart_intensity({.max_restarts = 1, .period = 0s}), contract_violation);
}
