#pragma once

#include "apps/lab/report.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>

namespace libagent::lab {

/// Measures the program `agent` beside this one: start to ready, memory when idle, size.
void measure_process(report& into, const lab_options& options);

/// Resident set size of a process, 0 when it cannot be read; 0 stands for this one.
[[nodiscard]] std::uint64_t resident_bytes(int pid);

}  // namespace libagent::lab
