#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/config/scheduling_choice.hpp"

namespace libagent {

/// Makes the calling thread, and no other, yield to the rest: sets its niceness to `nice`.
///
/// Niceness ranks threads within one session (or cgroup) only: it keeps long tasks from delaying
/// this process's other threads, not other programs. Needs no privilege to raise it; lowering it
/// again does. Idempotent. Thread safety: any thread.
/// Errors: `invalid_argument` outside [0, 19]; `io_failed` with what the system said.
[[nodiscard]] expected<void> set_thread_niceness(int nice);

/// The niceness of the calling thread. Errors: `io_failed`.
[[nodiscard]] expected<int> thread_niceness();

/// Ranks the calling thread, and no other, behind the interactive ones: sets its niceness, and its
/// policy where `policy` names one (SCHED_BATCH, SCHED_IDLE). Needs no privilege.
///
/// Threads and processes that it starts inherit both. Thread safety: any thread.
/// Errors: `invalid_argument` for a niceness outside [0, 19]; `io_failed`.
[[nodiscard]] expected<void> lower_thread(worker_policy policy, int nice);

/// Runs the calling thread, and no other, ahead of all threads without a real-time policy:
/// SCHED_FIFO at `priority`. What it starts does not inherit that (SCHED_RESET_ON_FORK).
///
/// Such a thread that never blocks keeps its core from everybody else, so install the guard of
/// realtime_guard.hpp first. Thread safety: any thread.
/// Errors: `invalid_argument` for a priority outside [1, 99]; `unsupported`, with the permission
/// that is missing; `io_failed`.
[[nodiscard]] expected<void> raise_thread_to_fifo(int priority = 1);

/// Whether `raise_thread_to_fifo` would work now. Tried on a thread of its own, because no list of
/// permissions tells it all: cgroups refuse it too. Costs a thread's life; ask once.
[[nodiscard]] bool fifo_permitted();

}  // namespace libagent
