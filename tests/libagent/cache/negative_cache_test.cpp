#include "libagent/cache/negative_cache.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

const error bad_question{errc::invalid_argument, "ask: temperature 9, at most 2"};

}  // namespace

TEST_CASE("a failure that lies in the question is known until its time is over", "[cache]") {
  negative_cache failures;
  REQUIRE(failures.remember("t", "k", bad_question, t0));
  CHECK(failures.find("t", "k", t0 + 10s - 1ns) == bad_question);
  CHECK_FALSE(failures.find("t", "k", t0 + 10s).has_value());
  CHECK(failures.entries() == 0);
  CHECK(failures.charged_bytes() == 0);
  CHECK(failures.counters().hits == 1);
}

TEST_CASE("only failures that are the same at every try are remembered", "[cache]") {
  negative_cache failures;
  for (const auto code : {errc::invalid_argument, errc::too_large, errc::unsupported})
    CHECK(failures.remember("", "k", {code, ""}, t0));
  for (const auto code : {errc::unavailable, errc::overloaded, errc::deadline_exceeded,
                          errc::cancelled, errc::io_failed, errc::tool_failed, errc::not_found,
                          errc::corrupt, errc::already_exists, errc::internal, errc::ok}) {
    CHECK_FALSE(failures.remember("", "k", {code, ""}, t0));
  }
  CHECK(failures.entries() == 0);
  CHECK(failures.counters().not_deterministic == 11);
}

TEST_CASE("a failure of one tenant is no other tenant's", "[cache]") {
  negative_cache failures;
  failures.remember("ab", "c", bad_question, t0);
  CHECK_FALSE(failures.find("a", "bc", t0).has_value());
  CHECK_FALSE(failures.find("", "abc", t0).has_value());
  CHECK_FALSE(failures.forget("a", "bc"));
  CHECK(failures.forget("ab", "c"));
  CHECK_FALSE(failures.find("ab", "c", t0).has_value());
}

TEST_CASE("the oldest failure goes when there are too many", "[cache]") {
  negative_cache failures{{.entries_max = 2}};
  failures.remember("", "a", bad_question, t0);
  failures.remember("", "b", bad_question, t0);
  failures.remember("", "a", bad_question, t0 + 1s);
  failures.remember("", "c", bad_question, t0 + 1s);
  CHECK(failures.find("", "a", t0 + 1s).has_value());
  CHECK_FALSE(failures.find("", "b", t0 + 1s).has_value());
  CHECK(failures.find("", "c", t0 + 1s).has_value());
}

TEST_CASE("failures are bounded in bytes", "[cache]") {
  negative_cache failures{{.bytes_max = 2'000}};
  CHECK_FALSE(failures.remember("", "k", {errc::too_large, std::string(2'000, 'x')}, t0));
  CHECK(failures.counters().too_large == 1);
  for (int i = 0; i < 100; ++i) {
    failures.remember("", std::to_string(i), {errc::too_large, std::string(300, 'x')}, t0);
    REQUIRE(failures.charged_bytes() <= 2'000);
  }
  CHECK(failures.entries() == 4);
  CHECK(failures.find("", "99", t0).has_value());
}

TEST_CASE("failures are remembered for a second at least and for thirty at most", "[cache]") {
  negative_cache hasty{{.ttl = 0s}};
  negative_cache stubborn{{.ttl = 1h}};
  hasty.remember("", "k", bad_question, t0);
  stubborn.remember("", "k", bad_question, t0);
  CHECK(hasty.find("", "k", t0 + 1s - 1ns).has_value());
  CHECK_FALSE(hasty.find("", "k", t0 + 1s).has_value());
  CHECK(stubborn.find("", "k", t0 + 30s - 1ns).has_value());
  CHECK_FALSE(stubborn.find("", "k", t0 + 30s).has_value());
}
