#pragma once

#include "apps/lab/report.hpp"

#include <chrono>

namespace libagent::lab {

struct io_options {
  /// How long the server waits with each answer; zero: 700 ms, or 100 ms with `quick`.
  std::chrono::milliseconds wait{0};
};

/// Batches of tasks that each wait for a socket server: as asynchronous tools through a node, as
/// blocking tools, with a thread for each, and on a bare event loop.
///
/// Starts the server as a process of its own, `agent-lab wait-server`. Returns the exit code, which
/// is 1 also when a task was answered wrongly, twice or not at all.
[[nodiscard]] int run_io(const lab_options& options, const io_options& io);

}  // namespace libagent::lab
