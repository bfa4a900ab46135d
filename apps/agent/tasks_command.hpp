#pragma once

#include "libagent/config/agent_options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace libagent::app {

/// `agent tasks`: what a running server keeps of its tasks, and what to do about them.
struct tasks_command {
  enum class verb : std::uint8_t { list, show, retry, cancel, purge } what = verb::list;
  std::vector<std::string> ids;  ///< For all but list.
  std::string states;            ///< Separated by commas; for list, and for purge without ids.
  std::string target;            ///< As `states`: only this tool, or agent:NAME.
  std::size_t limit = 100;       ///< For list.
  std::optional<std::chrono::milliseconds> older_than;  ///< For purge: ended longer ago.
  bool yes = false;                                     ///< For purge: do not ask.
  bool json = false;
  std::optional<std::string> server;  ///< URL; absent: the configured one.
};

/// Several ids: goes on after one that fails, and fails in the end. Returns the exit code.
[[nodiscard]] int run_tasks(const tasks_command& command, const loaded_config& config);

}  // namespace libagent::app
