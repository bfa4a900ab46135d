#include "apps/agent/cli.hpp"
#include "apps/agent/commands.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/terminal.hpp"

#include <exception>

using namespace libagent;
using namespace libagent::app;

namespace {

int run_command_of(const invocation& called, const loaded_config& config) {
  struct dispatcher {
    const loaded_config& config;

    int operator()(const ask_command& command) const { return run_ask(command, config); }

    int operator()(const chat_command& command) const { return run_chat(command, config); }

    int operator()(const serve_command& command) const { return run_serve(command, config); }

    int operator()(const run_command& command) const { return run_tool_command(command, config); }

    int operator()(const tools_command& command) const { return run_tools(command, config); }

    int operator()(const tree_command& command) const { return run_tree(command, config); }

    int operator()(const config_command& command) const { return run_config(command, config); }

    int operator()(const top_command& command) const { return run_top(command, config); }

    int operator()(const tasks_command& command) const { return run_tasks(command, config); }

    int operator()(const schedules_command& command) const {
      return run_schedules(command, config);
    }

    int operator()(const agents_command& command) const { return run_agents(command, config); }

    int operator()(const sessions_command& command) const { return run_sessions(command, config); }

    int operator()(const approvals_command& command) const {
      return run_approvals(command, config);
    }

    int operator()(const worker_command& command) const { return run_worker(command, config); }
  };

  return std::visit(dispatcher{config}, called.command);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    auto called = read_command_line(argc, argv);
    if (const auto* code = std::get_if<int>(&called))
      return *code;
    const auto& what = *std::get_if<invocation>(&called);
    const auto config = load_settings(what);
    if (!config) {
      complain(to_string(config.error()));
      return exit_usage;
    }
    return run_command_of(what, *config);
  } catch (const std::exception& failure) {
    complain(failure.what());
    return exit_failed;
  }
}
