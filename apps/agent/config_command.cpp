#include "apps/agent/commands.hpp"
#include "libagent/config/generated.hpp"

#include <iostream>

namespace libagent::app {

int run_config(const config_command& command, const loaded_config& config) {
  using verb = config_command::verb;
  auto values =
      command.what == verb::show || command.what == verb::check ? config.values : agent_config{};
  const auto options = agent_options(values);
  switch (command.what) {
    case verb::check: std::cout << "the configuration makes sense\n"; break;
    case verb::show: std::cout << show_text(show_options(options, config.origins)); break;
    case verb::defaults: std::cout << default_config_json(options); break;
    case verb::schema: std::cout << config_schema_json(options); break;
    case verb::reference: std::cout << config_reference(options); break;
  }
  return exit_ok;
}

}  // namespace libagent::app
