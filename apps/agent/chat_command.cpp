#include "apps/agent/chat_command.hpp"

#include "apps/agent/chat_http.hpp"
#include "apps/agent/chat_local.hpp"
#include "apps/agent/chat_loop.hpp"
#include "apps/agent/commands.hpp"
#include "apps/agent/local_run.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/terminal.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <utility>

namespace libagent::app {

namespace {

std::string user_name() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here ever changes the environment.
  const char* const name = std::getenv("USER");
  return name == nullptr ? "" : name;
}

int chat_with(chat_backend& backend, const chat_command& command, const loaded_config& config,
              interrupt& ctrl_c) {
  const auto kept_in = data_dir(config.values);
  const chat_bookmark bookmark{kept_in, command.agent, command.url.value_or("")};
  chat_options options{
      .agent = command.agent,
      .session = command.session,
      .user = user_name(),
      .printing = {
          .style = stdout_style(), .columns = stdout_columns(), .verbose = command.verbose}};
  if (options.session.empty() && !command.is_new)
    options.session = bookmark.read();
  line_reader lines{kept_in / "chat" / "history"};
  return chat_loop{backend, lines, ctrl_c, bookmark, std::cout, std::move(options)}.run();
}

int chat_in_this_process(const chat_command& command, const loaded_config& config,
                         interrupt& ctrl_c) {
  const auto stop = ctrl_c.begin_work();
  const auto node = start_local_node(config, true);
  if (!node) {
    if (node.error().code == errc::unavailable)
      complain("if a server is running, talk to it: agent chat --url URL");
    return report_failure(node.error());
  }
  if (const auto indexed = refresh_index(*node, stop); !indexed)
    return report_failure(indexed.error());
  ctrl_c.end_work();
  local_chat_backend backend{node->node->system(), [&node] { return node->node->agents(); }};
  return chat_with(backend, command, config, ctrl_c);
}

}  // namespace

int run_chat(const chat_command& command, const loaded_config& config) {
  interrupt ctrl_c{&line_reader::restore_terminal};
  if (!command.url)
    return chat_in_this_process(command, config, ctrl_c);
  http_chat_backend backend{*command.url};
  return chat_with(backend, command, config, ctrl_c);
}

}  // namespace libagent::app
