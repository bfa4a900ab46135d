#include "apps/agent/commands.hpp"
#include "apps/agent/interrupt.hpp"
#include "apps/agent/local_run.hpp"
#include "apps/agent/remote.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>

namespace libagent::app {

namespace {

std::string read_arguments(const run_command& command) {
  if (command.arguments != "-")
    return command.arguments;
  return {std::istreambuf_iterator<char>{std::cin}, {}};
}

expected<raw_json> run_remotely(const run_command& command, const raw_json& arguments,
                                const std::stop_token& stop) {
  progress_display display;
  const auto ended = remote_agent{*command.server}.run(
      {.tool = command.tool, .arguments = arguments, .timeout = command.timeout}, command.key, stop,
      [&display](const task_progress& progress) { display.show(progress); });
  if (!ended)
    return ended.error();
  if (ended->result)
    return *ended->result;
  return ended->failure.value_or(error{errc::internal, "the task ended without a result"});
}

expected<raw_json> run_here(const run_command& command, const raw_json& arguments,
                            const loaded_config& config, const std::stop_token& stop) {
  const auto node = start_local_node(config);
  if (!node)
    return node.error();
  return run_locally(
      *node, {.target = command.tool, .arguments = arguments, .timeout = command.timeout}, stop);
}

expected<std::vector<tool_info>> list_tools(const tools_command& command,
                                            const loaded_config& config) {
  if (command.server) {
    const auto body = remote_agent{*command.server}.get("/v1/tools");
    if (!body)
      return body.error();
    return listing_from_json<tool_info>(*body);
  }
  const auto node = start_local_node(config);
  if (!node)
    return node.error();
  std::vector<tool_info> tools;
  for (const auto& offered : node->node->tools()->list())
    tools.push_back(describe(*offered));
  return tools;
}

}  // namespace

int run_tool_command(const run_command& command, const loaded_config& config) {
  interrupt ctrl_c;
  const auto stop = ctrl_c.begin_work();
  const raw_json arguments{read_arguments(command)};
  const auto output = command.server ? run_remotely(command, arguments, stop)
                                     : run_here(command, arguments, config, stop);
  if (!output)
    return report_failure(output.error());
  print_json(output->text);
  return exit_ok;
}

int run_tools(const tools_command& command, const loaded_config& config) {
  const auto tools = list_tools(command, config);
  if (!tools)
    return report_failure(tools.error());
  if (command.json) {
    print_json(listing_json(*tools));
    return exit_ok;
  }
  std::size_t width = 0;
  for (const auto& tool : *tools)
    width = std::max(width, tool.name.size());
  for (const auto& tool : *tools) {
    std::cout << tool.name << std::string(width - tool.name.size() + 2, ' ') << tool.description
              << " (" << name_of(tool.tool_lane) << ")\n";
  }
  return exit_ok;
}

int run_tree(const tree_command& command, const loaded_config& config) {
  const auto body =
      remote_agent{command.server.value_or(server_url(config.values))}.get("/v1/supervision");
  if (!body)
    return report_failure(body.error());
  if (command.json) {
    print_json(*body);
    return exit_ok;
  }
  const auto root = from_json<supervision_node>(*body);
  if (!root)
    return report_failure(root.error());
  std::cout << render_tree(*root, stdout_style());
  return exit_ok;
}

}  // namespace libagent::app
