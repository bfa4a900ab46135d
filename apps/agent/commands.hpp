#pragma once

#include "apps/agent/cli.hpp"
#include "libagent/config/agent_options.hpp"

namespace libagent::app {

/// The commands of the program; each returns its exit code. Their options are in cli.hpp.
[[nodiscard]] int run_ask(const ask_command& command, const loaded_config& config);
[[nodiscard]] int run_chat(const chat_command& command, const loaded_config& config);
[[nodiscard]] int run_serve(const serve_command& command, const loaded_config& config);
[[nodiscard]] int run_tool_command(const run_command& command, const loaded_config& config);
[[nodiscard]] int run_tools(const tools_command& command, const loaded_config& config);
[[nodiscard]] int run_tree(const tree_command& command, const loaded_config& config);
[[nodiscard]] int run_config(const config_command& command, const loaded_config& config);

}  // namespace libagent::app
