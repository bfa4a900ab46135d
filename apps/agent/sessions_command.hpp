#pragma once

#include "libagent/config/agent_options.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace libagent::app {

/// `agent agents`: who answers on a running server.
struct agents_command {
  bool json = false;
  std::optional<std::string> server;  ///< URL; absent: the configured one.
};

/// `agent sessions`: conversations that a running server keeps.
struct sessions_command {
  enum class verb : std::uint8_t { list, show, remove } what = verb::list;
  std::vector<std::string> ids;  ///< For all but list.
  std::string agent;             ///< For list: only this one's.
  bool open = false;             ///< For list: only those with an open turn.
  std::size_t limit = 100;       ///< For list.
  bool json = false;
  std::optional<std::string> server;
};

/// `agent approvals`: tool calls that wait for a person.
struct approvals_command {
  enum class verb : std::uint8_t { list, allow, deny } what = verb::list;
  std::vector<std::string> ids;  ///< For all but list.
  std::string reason;            ///< For deny: told to the model.
  bool json = false;
  std::optional<std::string> server;
};

/// Each returns the exit code. Several ids: goes on after one that fails, and fails in the end.
[[nodiscard]] int run_agents(const agents_command& command, const loaded_config& config);
[[nodiscard]] int run_sessions(const sessions_command& command, const loaded_config& config);
[[nodiscard]] int run_approvals(const approvals_command& command, const loaded_config& config);

}  // namespace libagent::app
