#include "libagent/adapters/realtime_guard.hpp"

#include "libagent/adapters/thread_priority.hpp"

#include "tests/support/forked_child.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

/// Ends a child whose guard does not work, before it has held a core for long.
constexpr unsigned child_seconds_max = 10;

std::chrono::nanoseconds cpu_time_of_thread() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
}

bool is_realtime_now() {
  return (sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_FIFO;
}

/// CPU time that a real-time thread could take in one go; two seconds when nobody
/// stopped it.
std::chrono::nanoseconds spin_as_realtime() {
  std::chrono::nanoseconds spent{0};
  std::thread{[&spent] {
    if (!raise_thread_to_fifo())
      return;
    const auto start = cpu_time_of_thread();
    do
      spent = cpu_time_of_thread() - start;
    while (is_realtime_now() && spent < 2s);
  }}.join();
  return spent;
}

/// Runs `check` in a process of its own: limits and handlers stay there, and a loop that does not
/// end is ended. Returns its exit code; -1 when a signal ended it.
template <class Check>
int in_child(Check check) {
  return libagent::testing::run_in_forked_child([check] {
    alarm(child_seconds_max);
    return check();
  });
}

int spin_twice_under_guard() {
  if (!install_realtime_guard(100ms))
    return 1;
  const auto first = spin_as_realtime();
  if (first < 80ms || first > 900ms)
    return 2;
  if (realtime_demotions() != 1)
    return 3;
  // The kernel raised the limit by a second; a guard that does not put it back lets this one run.
  const auto second = spin_as_realtime();
  if (second < 80ms || second > 900ms)
    return 4;
  return realtime_demotions() == 2 ? 0 : 5;
}

/// Many short turns that together are far over the limit.
int block_between_turns() {
  if (!install_realtime_guard(100ms))
    return 1;
  bool kept = true;
  std::thread{[&kept] {
    kept = raise_thread_to_fifo().has_value();
    for (int turn = 0; turn < 8; ++turn) {
      const auto start = cpu_time_of_thread();
      while (cpu_time_of_thread() - start < 30ms) {
      }
      (void)::poll(nullptr, 0, 1);  // Any call that blocks will do.
    }
    kept = kept && is_realtime_now();
  }}.join();
  return kept && realtime_demotions() == 0 ? 0 : 2;
}

}  // namespace

TEST_CASE("a real-time thread that never blocks is demoted at the limit, each time", "[adapters]") {
  if (!fifo_permitted()) {
    WARN("not checked: real-time scheduling is not permitted here");
    return;
  }
  CHECK(in_child(spin_twice_under_guard) == 0);
}

TEST_CASE("a real-time thread that blocks now and then keeps its policy", "[adapters]") {
  if (!fifo_permitted()) {
    WARN("not checked: real-time scheduling is not permitted here");
    return;
  }
  CHECK(in_child(block_between_turns) == 0);
}

TEST_CASE("the guard may be installed again for another limit", "[adapters]") {
  CHECK(in_child([] {
          rlimit limit{};
          if (!install_realtime_guard(100ms) || !install_realtime_guard(300ms))
            return 1;
          getrlimit(RLIMIT_RTTIME, &limit);
          return limit.rlim_cur == 300'000 ? 0 : 2;
        }) == 0);
}

TEST_CASE("a guard that would act at once or too late is refused", "[adapters]") {
  CHECK(install_realtime_guard(9ms).error() ==
        error{errc::invalid_argument,
              "install the real-time guard: the limit is 9000 us, allowed is 10 ms to 10 s"});
  CHECK(install_realtime_guard(11s).error().code == errc::invalid_argument);
}
