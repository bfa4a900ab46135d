#pragma once

#include "apps/agent/chat_command.hpp"
#include "apps/agent/schedules_command.hpp"
#include "apps/agent/sessions_command.hpp"
#include "apps/agent/tasks_command.hpp"
#include "apps/agent/top_command.hpp"
#include "apps/agent/worker_command.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace libagent::app {

/// `agent ask`: one question, one cited answer.
struct ask_command {
  std::string question;
  bool json = false;
};

/// `agent serve`: HTTP until a signal.
struct serve_command {};

/// `agent run`: any tool, here or on a running server.
struct run_command {
  std::string tool;
  std::string arguments;  ///< JSON; "-" reads standard input.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::string> server;  ///< URL; absent: in this process.
  std::string key;                    ///< Idempotency key; empty: none. Only with a server.
};

/// `agent tools`: what can be run.
struct tools_command {
  bool json = false;
  std::optional<std::string> server;
};

/// `agent tree`: the live supervision tree of a running server.
struct tree_command {
  bool json = false;
  std::optional<std::string> server;
};

/// `agent config check|show`.
struct config_command {
  enum class verb : std::uint8_t { check, show, defaults, schema, reference } what = verb::show;
};

/// What the command line says.
struct invocation {
  std::optional<std::string> config_file;
  /// Options set by flags, as key and value; they override file and environment.
  std::vector<std::pair<std::string, std::string>> settings;
  std::variant<ask_command, chat_command, serve_command, run_command, tools_command, tree_command,
               config_command, top_command, tasks_command, schedules_command, agents_command,
               sessions_command, approvals_command, worker_command>
      command;
};

/// Exit codes of the program, stable for scripts.
// Not an enum class: main returns it as it is.
enum exit_code : std::uint8_t {
  exit_ok = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_nothing_found = 3,
  exit_interrupted = 130,
};

/// Reads the command line; or the exit code, when it asked for help or made no sense, which has
/// then been printed.
[[nodiscard]] std::variant<invocation, int> read_command_line(int argc, char** argv);

}  // namespace libagent::app
