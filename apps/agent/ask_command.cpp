#include "apps/agent/commands.hpp"
#include "apps/agent/interrupt.hpp"
#include "apps/agent/local_run.hpp"
#include "apps/agent/terminal.hpp"
#include "libagent/record/json.hpp"

#include <iostream>
#include <unistd.h>

namespace libagent::app {

namespace {

constexpr const char* chat_session = "chat";

/// A node with an index that is up to date: what both commands need first.
expected<agent_node> start_with_index(const loaded_config& config, const std::stop_token& stop) {
  auto node = start_local_node(config);
  if (!node)
    return node.error();
  if (auto indexed = refresh_index(*node, stop); !indexed)
    return indexed.error();
  return node;
}

void answer_line(const agent_node& node, interrupt& ctrl_c, const std::string& line) {
  const auto answer =
      ask_documents(node, {.question = line, .session = chat_session}, ctrl_c.begin_work());
  ctrl_c.end_work();
  if (answer) {
    std::cout << render_answer(*answer, stdout_style()) << '\n' << std::flush;
  } else {
    complain(to_string(answer.error()));
  }
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

int run_chat(const chat_command&, const loaded_config& config) {
  interrupt ctrl_c;
  const auto node = start_with_index(config, ctrl_c.begin_work());
  ctrl_c.end_work();
  if (!node)
    return report_failure(node.error());
  const bool prompts = isatty(STDIN_FILENO) == 1;
  if (prompts)
    std::cout << "Ask about " << config.values.documents.folder << ". Ctrl-D ends.\n";
  for (std::string line;;) {
    if (prompts)
      std::cout << "> " << std::flush;
    if (!std::getline(std::cin, line))
      return exit_ok;
    if (line.find_first_not_of(" \t") != std::string::npos)
      answer_line(*node, ctrl_c, line);
  }
}

}  // namespace libagent::app
