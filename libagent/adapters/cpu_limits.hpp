#pragma once

#include "libagent/adapters/proc_memory_probe.hpp"

#include <cstdint>

namespace libagent {

/// How many threads that compute are of use to this process: the CPUs it may run on (its affinity
/// mask), or fewer when its control group or one above has a CPU quota, which is rounded up; at
/// least 1. What cannot be read does not limit. Blocking: reads a few files of the kernel. The mask
/// is that of the calling thread.
[[nodiscard]] std::uint32_t usable_cpus(const proc_roots& roots = {});

}  // namespace libagent
