#pragma once

#include "libagent/adapters/worker_process.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/agent_options.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <cstddef>
#include <memory>

namespace libagent::app {

/// `agent worker`: the process that another agent runs its long tools in. It takes orders from
/// standard input and is not for people.
struct worker_command {};

/// Serves until its input ends; returns the program's exit code.
[[nodiscard]] int run_worker(const worker_command& command, const loaded_config& config);

/// Worker processes of this program with the same configuration, each tool on threads there.
/// `count` is at least one.
[[nodiscard]] worker_process_options worker_options(const loaded_config& config, std::size_t count);

/// The same tools, of which those that ask for a process, or compute in the batch lane, run in the
/// processes.
/// Errors: those of `tool_registry::add`.
[[nodiscard]] expected<tool_registry> in_worker_processes(
    const tool_registry& tools, const std::shared_ptr<worker_processes>& processes);

}  // namespace libagent::app
