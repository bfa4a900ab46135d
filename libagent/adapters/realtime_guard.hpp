#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <cstdint>

namespace libagent {

/// Bounds how long a real-time thread of this process may compute without blocking: one that
/// reaches `cpu_limit` goes back to the normal policy and goes on there, so that a loop that does
/// not end cannot freeze the machine. The process lives.
///
/// The limit is RLIMIT_RTTIME, which the kernel counts per thread in ticks and resets whenever the
/// thread blocks; yielding does not count as blocking. It reports with SIGXCPU, whose handler this
/// takes for the whole process and keeps. Child processes inherit the limit, and programs that are
/// executed get the default action back, which ends them; a child without real-time threads never
/// sees it. Install it before the first thread is raised. May be called again for another limit.
/// Thread safety: none. Errors: `invalid_argument` outside [10 ms, 10 s]; `io_failed`.
[[nodiscard]] expected<void> install_realtime_guard(duration cpu_limit);

/// How often a thread lost its real-time policy to the guard. Thread safety: any thread.
[[nodiscard]] std::uint64_t realtime_demotions();

}  // namespace libagent
