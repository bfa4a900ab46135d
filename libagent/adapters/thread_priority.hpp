#pragma once

#include "libagent/base/expected.hpp"

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

}  // namespace libagent
