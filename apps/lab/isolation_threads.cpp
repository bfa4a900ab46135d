#include "apps/lab/isolation_threads.hpp"

#include "libagent/adapters/thread_priority.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <thread>

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

void be_realtime() {
  (void)set_policy(SCHED_FIFO, lane_priority);
}

void be_lowest() {
  (void)set_thread_niceness(19);  // Raising one's niceness is always permitted.
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
