#pragma once

namespace libagent::lab {

/// `agent-lab fault-node`: serves a node as `agent serve` does, with a journal, crash reports,
/// crash points and worker processes, but with the tools of fault_tools.hpp. It is configured by
/// the same LIBAGENT_ variables, and FAULT_EFFECTS names the folder of effects. Prints one line
/// when it is ready, as `agent serve` does. Returns the exit code.
[[nodiscard]] int run_fault_node();

/// `agent-lab fault-worker`: what the node starts to run tools in.
[[nodiscard]] int run_fault_worker();

}  // namespace libagent::lab
