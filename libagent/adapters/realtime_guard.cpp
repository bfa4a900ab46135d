#include "libagent/adapters/realtime_guard.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <system_error>

namespace libagent {

namespace {

// A signal handler has nothing but globals, and atomics are all that it may touch of them.
std::atomic<std::uint64_t> demotions{0};
std::atomic<rlim_t> soft_limit_us{0};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<rlim_t>::is_always_lock_free);

rlimit guard_limit(rlim_t hard) {
  return {.rlim_cur = soft_limit_us.load(), .rlim_max = hard};
}

/// Runs on the thread that computed too long: the kernel prefers the thread whose tick found it.
/// Only system calls and atomics, as signal-safety(7) asks.
void demote_this_thread(int) {
  const int saved_errno = errno;
  const sched_param normal{.sched_priority = 0};
  const int before = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  // The flag stays, because removing it takes a privilege.
  if ((before == SCHED_FIFO || before == SCHED_RR) &&
      sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &normal) == 0) {
    demotions.fetch_add(1);
  }
  // With each report the kernel moves the soft limit up by a second, for all threads; see
  // check_thread_timers in its kernel/time/posix-cpu-timers.c.
  rlimit present{};
  if (getrlimit(RLIMIT_RTTIME, &present) == 0) {
    const auto again = guard_limit(present.rlim_max);
    setrlimit(RLIMIT_RTTIME, &again);
  }
  errno = saved_errno;
}

error guard_error(const char* what) {
  return {errc::io_failed, std::string{"install the real-time guard: "} + what + ": " +
                               std::generic_category().message(errno)};
}

}  // namespace

expected<void> install_realtime_guard(duration cpu_limit) {
  using std::chrono::microseconds;
  if (cpu_limit < std::chrono::milliseconds{10} || cpu_limit > std::chrono::seconds{10}) {
    return error{errc::invalid_argument,
                 "install the real-time guard: the limit is " +
                     std::to_string(std::chrono::duration_cast<microseconds>(cpu_limit).count()) +
                     " us, allowed is 10 ms to 10 s"};
  }
  rlimit present{};
  if (getrlimit(RLIMIT_RTTIME, &present) != 0)
    return guard_error("read RLIMIT_RTTIME");
  soft_limit_us = static_cast<rlim_t>(std::chrono::duration_cast<microseconds>(cpu_limit).count());
  struct sigaction action{};
  action.sa_handler = demote_this_thread;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGXCPU, &action, nullptr) != 0)
    return guard_error("handle SIGXCPU");
  const auto limit = guard_limit(present.rlim_max);
  if (setrlimit(RLIMIT_RTTIME, &limit) != 0)
    return guard_error("set RLIMIT_RTTIME");
  return {};
}

std::uint64_t realtime_demotions() {
  return demotions.load();
}

}  // namespace libagent
