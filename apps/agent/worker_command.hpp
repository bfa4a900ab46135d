#pragma once

#include "libagent/adapters/worker_process.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/agent_options.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace libagent::app {

/// `agent worker`: the process that another agent runs its long tools in. It takes orders from
/// standard input and is not for people.
struct worker_command {};

/// Serves until its input ends; returns the program's exit code.
[[nodiscard]] int run_worker(const worker_command& command, const loaded_config& config);

/// The environment of this process, as NAME=VALUE.
[[nodiscard]] std::vector<std::string> own_environment();

/// Worker processes of this program with the same configuration, each tool on threads there.
/// `count` is at least one.
[[nodiscard]] worker_process_options worker_options(const loaded_config& config, std::size_t count);

/// The same tools, of which those whose isolation is `process` run in the processes, and with
/// `long_ones` those that compute in the batch lane. Errors: those of `tool_registry::add`.
[[nodiscard]] expected<tool_registry> in_worker_processes(
    const tool_registry& tools, const std::shared_ptr<worker_processes>& processes, bool long_ones);

/// A tool as it runs in the processes; null when there is none of that name, or it cannot.
[[nodiscard]] std::shared_ptr<tool> apart_of(const tool_registry& tools, const std::string& name,
                                             const std::shared_ptr<worker_processes>& processes);

}  // namespace libagent::app
