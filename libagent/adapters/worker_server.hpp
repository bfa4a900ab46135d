#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/tools/tool_registry.hpp"

namespace libagent {

/// A worker process's ways to the process that started it.
struct worker_channel {
  int in = -1;
  int out = -1;
};

/// Makes a channel of standard input and output, and of this process a worker: what tools print
/// goes to standard error from now on, and the kernel ends this process with the thread that
/// started it and picks it first when memory runs out. Call it once, first thing in `main`.
/// Errors: `io_failed`.
[[nodiscard]] expected<worker_channel> take_standard_streams();

/// The worker's side of `worker_processes`: runs tools, one at a time and each on a thread, so that
/// a request to stop is seen meanwhile. Returns the program's exit code once `channel.in` ends.
///
/// A run that is under way then is asked to stop; when it does not within a quarter of a second
/// the process ends under it. A bug in a tool (`contract_violation`, a signal) ends the process
/// too, which is what it is for.
[[nodiscard]] int serve_worker(worker_channel channel, const tool_registry& tools);

}  // namespace libagent
