#pragma once

#include "actors/node.hpp"
#include "libagent/adapters/agents_folder.hpp"
#include "libagent/config/agent_config.hpp"
#include "libagent/ports/event_sink.hpp"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace libagent::app {

/// Name under which the sample agent is asked.
inline constexpr const char* documents_agent_name = "documents";

/// Agents that need no code, and where they were read from.
struct wired_agents {
  std::vector<agent_declaration> declared;
  std::vector<agent_file> files;
  /// Makes declarations of other files. Errors: all that is wrong with them.
  std::function<expected<std::vector<agent_declaration>>(const std::vector<agent_file>&)> load;
};

/// Reads the agents' folder. The documents agent is built in; a file may take its place. Errors:
/// all that is wrong, with file and path.
[[nodiscard]] expected<wired_agents> wire_agents(
    const agent_config& config, const tool_registry& tools,
    std::function<expected<void>(std::string_view model)> check_model);

/// Gives the node the agents as they change. A change that is wrong is reported, and those before
/// stay. Null when they are not to be reloaded. `to` must outlive it.
[[nodiscard]] std::unique_ptr<agents_folder_watch> watch_agents(const agent_config& config,
                                                                const wired_agents& now,
                                                                actors::node& to,
                                                                const event_sink_ptr& events);

}  // namespace libagent::app
