#pragma once

#include "libagent/adapters/process_limits.hpp"
#include "libagent/adapters/sandbox.hpp"
#include "libagent/adapters/supervised_process.hpp"
#include "libagent/adapters/worker_run.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/scheduling_choice.hpp"
#include "libagent/ports/tool.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent {

/// What the external tools of a node share.
struct external_tool_options {
  /// Ours, as NAME=VALUE; a tool sees of it what its own list and `usual_variables` name.
  std::vector<std::string> environment;
  worker_policy policy = worker_policy::nice;
  int nice = 19;
  std::filesystem::path work_dir;  ///< See `work_folders::open`.
  /// Gets what the programs print to standard error: "tool NAME: line". Called from the threads
  /// that run tools. Empty: this process's standard error.
  std::function<void(const std::string& line)> on_error_line;
};

/// Thread safety: any thread.
class external_tool_host {
public:
  /// Errors: `io_failed` for the working folder.
  [[nodiscard]] static expected<std::shared_ptr<external_tool_host>> open(
      external_tool_options options);

  [[nodiscard]] process_host& processes() const { return *processes_; }

  /// The variables that a tool sees which asks for these.
  [[nodiscard]] std::vector<std::string> environment_for(
      const std::vector<std::string>& names) const;

  [[nodiscard]] const std::function<void(const std::string&)>& on_error_line() const {
    return options_.on_error_line;
  }

private:
  external_tool_host(external_tool_options options, std::shared_ptr<process_host> processes);

  external_tool_options options_;
  std::shared_ptr<process_host> processes_;
};

/// A program as a tool. It gets its arguments, a JSON object, as standard input, prints one JSON
/// value, and exits with 0; see docs/how_to/write_an_external_tool.md.
struct external_tool_spec {
  tool_spec spec;
  std::vector<std::string> command;  ///< Program, sought in PATH, and arguments.
  std::string input_schema = R"({"type":"object"})";
  std::string output_schema = "{}";
  std::vector<std::string> environment;  ///< Names of variables that it may see.
  process_limits limits;
  sandbox_options sandbox;
  std::size_t output_bytes_max = std::size_t{8} << 20U;
  /// From the request to stop; SIGTERM comes at once.
  stop_patience patience{.until_terminate = std::chrono::milliseconds{0}};
};

/// One process runs for each run of the tool. Arguments are checked against `required` and the
/// `type` of `properties` of the input's schema, no deeper.
///
/// Errors: `invalid_argument` for no command, a schema that is no JSON object; those of
/// `check_sandbox`. Errors of a run: `tool_failed` with exit code and what the program last said,
/// or an excerpt of what is no JSON; `crashed` when a signal or a limit ended it; `too_large`;
/// `cancelled`, `deadline_exceeded`; `unavailable` when it cannot be started.
/// @pre `host` is not null.
[[nodiscard]] expected<std::shared_ptr<tool>> make_external_tool(
    external_tool_spec spec, std::shared_ptr<external_tool_host> host);

}  // namespace libagent
