#pragma once

#include "apps/lab/report.hpp"

#include <cstddef>

namespace libagent::lab {

struct processes_options {
  /// Calls of each kind; zero: as many as fit the time.
  std::size_t calls = 0;
};

/// What it costs to run a tool in a process: a call in a warm one against one in this process, a
/// cold start, an external tool; and how long after a request to stop a process that hangs is gone.
///
/// Starts this program again as `agent-lab tool-worker`. Returns the exit code.
[[nodiscard]] int run_processes(const lab_options& options, const processes_options& processes);

/// The worker that `processes` starts. Returns the exit code.
[[nodiscard]] int run_tool_worker();

}  // namespace libagent::lab
