#pragma once

#include "apps/lab/report.hpp"

#include <cstdint>
#include <string>

namespace libagent::lab {

struct memory_options {
  std::uint64_t limit_mib = 512;  ///< Of the run under a limit.
  /// Empty: the whole experiment. Otherwise the part that this process is, of the experiment that
  /// started it: phases, phases-kept, limited or bare.
  std::string part;
};

/// Memory: an agent task's phases and what comes back, ten times the load that fits under a real
/// limit, and what sampling costs. Returns the exit code: 1 also when a task was lost or a phase
/// was not seen.
[[nodiscard]] int run_memory(const lab_options& options, const memory_options& memory);

}  // namespace libagent::lab
