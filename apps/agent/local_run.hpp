#pragma once

#include "apps/agent/wiring.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/agent_options.hpp"
#include "libagent/session/ask.hpp"
#include "libagent/tasks/task.hpp"

#include <optional>
#include <stop_token>
#include <string>

namespace libagent::app {

/// Starts a node for a command that ends by itself: without peers, and without a log unless one
/// was configured; `keeps_sessions` for one that goes on with conversations of earlier ones.
[[nodiscard]] expected<agent_node> start_local_node(const loaded_config& config,
                                                    bool keeps_sessions = false);

/// Runs a task on it and shows progress. Errors: as `task_client::run`, and the task's own failure.
[[nodiscard]] expected<raw_json> run_locally(const agent_node& node, task_request request,
                                             const std::stop_token& stop);

/// Brings the index of the documents' folder up to date.
[[nodiscard]] expected<void> refresh_index(const agent_node& node, const std::stop_token& stop);

/// Asks the documents agent.
[[nodiscard]] expected<agent_answer> ask_documents(const agent_node& node,
                                                   const agent_question& question,
                                                   const std::stop_token& stop);

}  // namespace libagent::app
