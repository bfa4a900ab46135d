#include "apps/lab/isolation_threads.hpp"

#include <cstdio>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace libagent::lab {

namespace {

/// Above what is measured, which uses 10: the sender must not wait for what it sends to.
constexpr int sender_priority = 20;
constexpr int lane_priority = 10;

bool set_policy(int policy, int priority) {
  const sched_param wanted{.sched_priority = priority};
  return pthread_setschedparam(pthread_self(), policy, &wanted) == 0;
}

}  // namespace

bool may_be_realtime() {
  bool may = false;
  std::thread{[&may] { may = set_policy(SCHED_FIFO, sender_priority); }}.join();
  return may;
}

void be_realtime() {
  (void)set_policy(SCHED_FIFO, lane_priority);
}

void be_lowest() {
  (void)set_policy(SCHED_OTHER, 0);
  // Linux applies PRIO_PROCESS to one thread when it is given a thread's id.
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);
}

void run_on_thread(bool realtime, const std::function<void()>& work) {
  std::thread{[&] {
    if (realtime)
      be_realtime();
    work();
  }}.join();
}

void run_as_sender(const std::function<void()>& work) {
  std::thread{[&work] {
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    (void)set_policy(SCHED_FIFO, sender_priority);
    work();
  }}.join();
}

}  // namespace libagent::lab
