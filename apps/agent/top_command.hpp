#pragma once

#include "libagent/config/agent_options.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace libagent::app {

/// `agent top`: what a running server does, live.
struct top_command {
  std::optional<std::string> server;  ///< URL; absent: the configured one.
  std::chrono::milliseconds interval{1000};
  bool once = false;
  bool json = false;
};

/// On a terminal one page is redrawn in place until Ctrl-C, which gives the terminal back as it
/// was; elsewhere a page is printed per interval. A server that goes away is waited for, unless
/// the page is wanted once. Returns the program's exit code.
[[nodiscard]] int run_top(const top_command& command, const loaded_config& config);

}  // namespace libagent::app
