#pragma once

#include "libagent/adapters/process_limits.hpp"
#include "libagent/adapters/sandbox.hpp"
#include "libagent/adapters/supervised_process.hpp"
#include "libagent/adapters/worker_child.hpp"
#include "libagent/adapters/worker_run.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/scheduling_choice.hpp"
#include "libagent/ports/tool.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace libagent {

struct worker_process_options {
  /// Program and arguments; it calls `serve_worker`. "/proc/self/exe" is this program.
  std::vector<std::string> program;
  /// What it finds in its environment, as NAME=VALUE, beside TMPDIR and HOME of `sandbox`.
  std::vector<std::string> environment;
  std::size_t count_max = 1;  ///< From 1 to 1024.
  worker_policy policy = worker_policy::nice;
  int nice = 19;
  /// A cgroup's folder; each process is moved there by its cgroup.procs. Empty: none.
  std::string cgroup_dir;
  stop_patience patience;
  process_limits limits;
  /// One folder serves all runs of a process.
  sandbox_options sandbox;
  /// Where the folders are; empty: in the system's folder for temporary files.
  std::filesystem::path work_dir;
  /// Gets what the processes print to standard error, line by line: "worker PID: line". Called
  /// from the threads that run tools. Empty: this process's standard error.
  std::function<void(const std::string& line)> on_error_line;
};

/// What became of worker processes since the start.
struct worker_process_counts {
  std::uint64_t started = 0;
  std::uint64_t lost = 0;  ///< Ended or killed during a run or while idle.
  std::uint64_t runs = 0;
};

/// Processes that run tools, each one run at a time. A process is started when a run needs one and
/// kept for the next run, so a run finds a warm one unless the last one crashed.
///
/// Each has a session of its own, so where the kernel groups by session (autogroup) it shares no
/// CPU credit with the interactive threads, and what others on the machine do delays those less.
/// Policy and niceness apply within its session; a cgroup ranks it against all. All end with this
/// object, and, by the kernel, with this process.
/// Thread safety: any thread.
class worker_processes {
public:
  /// Starts no process yet. Errors: `invalid_argument` for no program, a count or a niceness out of
  /// range; `io_failed` for a cgroup or a working folder that cannot be written, which is named;
  /// those of `check_sandbox`.
  [[nodiscard]] static expected<std::shared_ptr<worker_processes>> open(
      worker_process_options options);

  /// Runs a tool that the processes know by its name, and waits for the outcome.
  ///
  /// Progress and phases go to `context`. Blocking: until the run ends, a little past the stop
  /// request or deadline at most (`patience`), then the process is killed. Errors: the tool's own;
  /// `crashed` when the process died (how, and what it last said); `tool_failed` when it answered
  /// nonsense; `cancelled`, `deadline_exceeded`; `unavailable` when none can be started.
  [[nodiscard]] expected<std::string> run(const std::string& tool,
                                          const std::string& arguments_json,
                                          const tool_context& context);

  [[nodiscard]] worker_process_counts counts() const;

  /// What keeps the processes in on this machine.
  [[nodiscard]] sandbox_status sandbox() const;

private:
  worker_processes(worker_process_options options, std::shared_ptr<process_host> host);

  using child_ptr = std::unique_ptr<worker_child>;

  [[nodiscard]] expected<child_ptr> acquire(const std::string& tool, const tool_context& context);
  [[nodiscard]] expected<child_ptr> start();
  void release(child_ptr child);

  worker_process_options options_;
  worker_child_options child_options_;
  std::shared_ptr<process_host> host_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t present_ = 0;      // idle and busy ones
  std::vector<child_ptr> idle_;  // after the host: they end before it does
  worker_process_counts counts_;
};

/// The same tool, run in one of the processes, which must know it by the same name. For tools that
/// compute long or may crash; `agent-lab processes` measures what a round trip costs.
///
/// Arguments are checked here. What a run changes in memory stays in the process: a tool that works
/// on state shared with others is not for this, and neither is an `async_call` tool. `reserve` has
/// no effect there; declare `memory_bytes`.
/// @pre neither is null, and `inner` is not asynchronous.
[[nodiscard]] std::shared_ptr<tool> in_worker_process(std::shared_ptr<tool> inner,
                                                      std::shared_ptr<worker_processes> pool);

}  // namespace libagent
