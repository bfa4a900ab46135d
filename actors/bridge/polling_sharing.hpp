#pragma once

#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>

namespace libagent::actors {

/// How pooled actors share the scheduler's threads: one queue, first come first served, as CAF's
/// own work sharing, but a thread that runs out of work looks for more for a moment before it
/// sleeps.
///
/// Waking a sleeping thread costs more than most handlers, and a task crosses threads four times.
/// One thread at a time polls, and gives up after `patience`: idle systems use no CPU. It keeps its
/// core meanwhile, because a yield would hand it to a long task of low priority, which then has it
/// until the next tick. A policy for `caf::scheduler::coordinator`.
class polling_sharing : public caf::policy::unprofiled {
public:
  /// Some times what a wake-up takes, so that a request and its answer fit.
  static constexpr std::chrono::microseconds patience{50};

  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}

    std::list<caf::resumable*> queue;  ///< Guarded by `lock`, as is all but `length`.
    std::mutex lock;
    std::condition_variable arrived;
    bool is_polled = false;
    std::atomic<std::size_t> length{0};  ///< Of `queue`, for the thread that polls.
  };

  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    auto& shared = d(self);
    std::list<caf::resumable*> one{job};  // allocated outside the lock
    bool wakes = false;
    {
      const std::lock_guard guard{shared.lock};
      shared.queue.splice(shared.queue.end(), one);
      shared.length.store(shared.queue.size(), std::memory_order_release);
      // The thread that polls takes one; for each further one a sleeper is needed.
      wakes = !shared.is_polled || shared.queue.size() > 1;
    }
    if (wakes)
      shared.arrived.notify_one();
  }

  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }

  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }

  /// For an actor that used up its turn: to the end of the queue.
  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }

  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    auto& shared = d(self->parent());
    std::unique_lock guard{shared.lock};
    if (shared.queue.empty() && !shared.is_polled)
      poll(shared, guard);
    shared.arrived.wait(guard, [&shared] { return !shared.queue.empty(); });
    auto* const job = shared.queue.front();
    shared.queue.pop_front();
    shared.length.store(shared.queue.size(), std::memory_order_release);
    return job;
  }

  template <class Worker, class UnaryFunction>
  void foreach_resumable(Worker*, UnaryFunction) {}

  template <class Coordinator, class UnaryFunction>
  void foreach_central_resumable(Coordinator* self, UnaryFunction f) {
    auto& shared = d(self);
    const std::lock_guard guard{shared.lock};
    for (auto* job : shared.queue)
      f(job);
    shared.queue.clear();
  }

private:
  /// Tells the core that this is a loop that waits.
  static void relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  static void poll(coordinator_data& shared, std::unique_lock<std::mutex>& guard) {
    shared.is_polled = true;
    guard.unlock();
    const auto give_up_at = std::chrono::steady_clock::now() + patience;
    while (shared.length.load(std::memory_order_acquire) == 0 &&
           std::chrono::steady_clock::now() < give_up_at)
      relax();
    guard.lock();
    shared.is_polled = false;
  }
};

}  // namespace libagent::actors
