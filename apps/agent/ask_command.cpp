#include "apps/agent/commands.hpp"
#include "apps/agent/interrupt.hpp"
#include "apps/agent/local_run.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/record/json.hpp"

#include <iostream>

namespace libagent::app {

namespace {

/// A node with an index that is up to date.
expected<agent_node> start_with_index(const loaded_config& config, const std::stop_token& stop) {
  auto node = start_local_node(config);
  if (!node)
    return node.error();
  if (auto indexed = refresh_index(*node, stop); !indexed)
    return indexed.error();
  return node;
}

}  // namespace

int run_ask(const ask_command& command, const loaded_config& config) {
  interrupt ctrl_c;
  const auto stop = ctrl_c.begin_work();
  const auto node = start_with_index(config, stop);
  if (!node)
    return report_failure(node.error());
  const auto answer = ask_documents(*node, {.question = command.question}, stop);
  if (!answer)
    return report_failure(answer.error());
  if (command.json) {
    std::cout << to_json(*answer) << "\n";
  } else {
    std::cout << render_answer(*answer, stdout_style());
  }
  return answer->found ? exit_ok : exit_nothing_found;
}

}  // namespace libagent::app
