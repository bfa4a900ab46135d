#include "libagent/adapters/thread_priority.hpp"

#include <catch2/catch.hpp>

#include <sched.h>
#include <thread>
#include <utility>

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

TEST_CASE("a lowered thread gets niceness and policy, and no other thread does", "[adapters]") {
  const auto before = thread_niceness();
  const auto [choice, policy] = GENERATE(std::pair{worker_policy::nice, SCHED_OTHER},
                                         std::pair{worker_policy::batch, SCHED_BATCH},
                                         std::pair{worker_policy::idle, SCHED_IDLE});
  int nice_inside = -1;
  int policy_inside = -1;
  std::thread{[&, lowered_to = choice] {
    if (lower_thread(lowered_to, 15)) {
      nice_inside = thread_niceness().value_or(-1);
      policy_inside = sched_getscheduler(0);
    }
  }}.join();
  CHECK(nice_inside == 15);
  CHECK(policy_inside == policy);
  CHECK(thread_niceness().value() == *before);
  CHECK(sched_getscheduler(0) == SCHED_OTHER);
}

TEST_CASE("a thread is lowered by a niceness from 0 to 19 only", "[adapters]") {
  CHECK(lower_thread(worker_policy::idle, 20).error().code == errc::invalid_argument);
  CHECK(sched_getscheduler(0) == SCHED_OTHER);
}

TEST_CASE("a raised thread is a real-time one whose children are not, where that is permitted",
          "[adapters]") {
  const bool permitted = fifo_permitted();
  expected<void> raised;
  int policy_inside = -1;
  int policy_of_child = -1;
  std::thread{[&] {
    raised = raise_thread_to_fifo(1);
    policy_inside = sched_getscheduler(0);
    std::thread{[&] { policy_of_child = sched_getscheduler(0); }}.join();
  }}.join();
  CHECK(raised.has_value() == permitted);
  CHECK(policy_of_child == SCHED_OTHER);
  if (permitted) {
    CHECK(policy_inside == (SCHED_FIFO | SCHED_RESET_ON_FORK));
  } else {
    CHECK(raised.error().code == errc::unsupported);
    CHECK_THAT(raised.error().context, Catch::Contains("RLIMIT_RTPRIO"));
  }
}

TEST_CASE("a real-time priority outside 1 to 99 is refused and named", "[adapters]") {
  CHECK(raise_thread_to_fifo(0).error() ==
        error{errc::invalid_argument,
              "raise a thread to SCHED_FIFO: the priority is 0, allowed is 1 to 99"});
  CHECK(raise_thread_to_fifo(100).error().code == errc::invalid_argument);
}
