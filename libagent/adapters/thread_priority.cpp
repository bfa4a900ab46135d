#include "libagent/adapters/thread_priority.hpp"

#include <cerrno>
#include <csignal>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace libagent {

namespace {

// Linux applies PRIO_PROCESS to one thread when it is given a thread's id; see setpriority(2).
id_t this_thread() {
  return static_cast<id_t>(gettid());
}

error priority_error(const char* what) {
  return {errc::io_failed, std::string{what} + ": " + std::generic_category().message(errno)};
}

/// Linux applies 0 to the calling thread only; see sched_setscheduler(2).
int set_own_policy(int policy, int priority) {
  const sched_param parameters{.sched_priority = priority};
  return sched_setscheduler(0, policy, &parameters);
}

/// The guard's signal must reach a thread that runs away, whatever it inherited.
void let_through(int signal) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, signal);
  pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
}

}  // namespace

expected<void> set_thread_niceness(int nice) {
  if (nice < 0 || nice > 19) {
    return error{errc::invalid_argument,
                 "set thread niceness: it is " + std::to_string(nice) + ", allowed is 0 to 19"};
  }
  if (setpriority(PRIO_PROCESS, this_thread(), nice) != 0)
    return priority_error("set thread niceness");
  return {};
}

expected<int> thread_niceness() {
  errno = 0;  // -1 is a valid answer, so only errno tells of a failure.
  const int nice = getpriority(PRIO_PROCESS, this_thread());
  if (nice == -1 && errno != 0)
    return priority_error("read thread niceness");
  return nice;
}

expected<void> lower_thread(worker_policy policy, int nice) {
  if (auto done = set_thread_niceness(nice); !done)
    return done;
  if (policy == worker_policy::batch && set_own_policy(SCHED_BATCH, 0) != 0)
    return priority_error("give a thread the policy SCHED_BATCH");
  if (policy == worker_policy::idle && set_own_policy(SCHED_IDLE, 0) != 0)
    return priority_error("give a thread the policy SCHED_IDLE");
  return {};
}

expected<void> raise_thread_to_fifo(int priority) {
  if (priority < 1 || priority > 99) {
    return error{errc::invalid_argument, "raise a thread to SCHED_FIFO: the priority is " +
                                             std::to_string(priority) + ", allowed is 1 to 99"};
  }
  if (set_own_policy(SCHED_FIFO | SCHED_RESET_ON_FORK, priority) == 0) {
    let_through(SIGXCPU);
    return {};
  }
  if (errno != EPERM)
    return priority_error("raise a thread to SCHED_FIFO");
  return error{errc::unsupported,
               "raise a thread to SCHED_FIFO: it needs RLIMIT_RTPRIO of at "
               "least " +
                   std::to_string(priority) +
                   " (LimitRTPRIO= in a systemd unit) or CAP_SYS_NICE, and a "
                   "cgroup that has real-time runtime"};
}

bool fifo_permitted() {
  bool permitted = false;
  std::thread{[&permitted] { permitted = raise_thread_to_fifo().has_value(); }}.join();
  return permitted;
}

}  // namespace libagent
