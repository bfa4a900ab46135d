#include "libagent/adapters/thread_priority.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace libagent;

TEST_CASE("niceness is set for the calling thread only", "[adapters]") {
  const auto before = thread_niceness();
  REQUIRE(before);
  int seen_inside = -1;
  std::thread{[&seen_inside] {
    if (set_thread_niceness(19))
      seen_inside = thread_niceness().value_or(-1);
  }}.join();
  CHECK(seen_inside == 19);
  CHECK(thread_niceness().value() == *before);
}

TEST_CASE("setting the same niceness again is fine", "[adapters]") {
  bool both = false;
  std::thread{[&both] { both = set_thread_niceness(10) && set_thread_niceness(10); }}.join();
  CHECK(both);
}

TEST_CASE("niceness outside 0 to 19 is refused and named", "[adapters]") {
  CHECK(set_thread_niceness(20).error() ==
        error{errc::invalid_argument, "set thread niceness: it is 20, allowed is 0 to 19"});
  CHECK(set_thread_niceness(-1).error().code == errc::invalid_argument);
}
