#pragma once

#include "libagent/adapters/error_lines.hpp"
#include "libagent/adapters/line_buffer.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/supervised_process.hpp"
#include "libagent/adapters/worker_protocol.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace libagent {

/// What one worker process is started with.
struct worker_child_options {
  std::vector<std::string> program;      ///< Program and arguments; it speaks `serve_worker`.
  std::vector<std::string> environment;  ///< All of it, as NAME=VALUE.
  process_limits limits;                 ///< Its CPU time counts anew for each run.
  sandbox_options sandbox;
  std::string cgroup_dir;  ///< Where its pid is written to cgroup.procs; may be empty.
  /// Gets what it prints to standard error: "worker PID: line". Any thread; never empty.
  std::function<void(const std::string& line)> on_error_line;
};

/// One worker process as the thread that uses it sees it. Killed, with what it started, at the
/// latest by the destructor. Thread safety: none; one thread at a time.
class worker_child {
public:
  /// Errors: those of `supervised_process::start`; `io_failed`, which names a cgroup's file.
  [[nodiscard]] static expected<std::unique_ptr<worker_child>> start(
      process_host& host, const worker_child_options& options);

  /// What `wait` saw.
  struct events {
    bool readable = false;
    bool writable = false;
    bool errors = false;
    bool ended = false;
    bool crowded = false;  ///< It has more processes than it may.
  };

  /// Waits for the process, for `wake` (a descriptor) to be readable, or until the time is up.
  [[nodiscard]] events wait(bool to_write, int wake, time_point until);

  /// Sends what goes through at once; the part that did not is returned.
  [[nodiscard]] std::string_view send(std::string_view bytes);

  /// What reading found: bytes for `lines`, nothing yet, or that nothing will ever come again.
  enum class read_result : std::uint8_t { some, none, over };

  [[nodiscard]] read_result read();

  [[nodiscard]] line_buffer& lines() { return lines_; }

  /// Passes on what it printed to standard error; at most so many lines and bytes in one run.
  void pass_errors_on() { errors_.pass_on(); }

  /// A number for the next run. Bounds of error lines and CPU time start anew.
  [[nodiscard]] std::uint64_t begin_run();

  /// Sends a signal to the process and to what it started.
  void signal(int number) const { process_->signal(number); }

  /// Kills it, with all that it started, unless it has ended.
  const process_end& end() { return process_->end(); }

  /// Whether it can take another run: it lives, and nobody gave it up.
  [[nodiscard]] bool is_usable() const;

  void give_up() { given_up_ = true; }

  [[nodiscard]] pid_t pid() const { return process_->pid(); }

  [[nodiscard]] const process_limits& limits() const { return process_->limits(); }

  /// The last line it printed to standard error; empty when there was none.
  [[nodiscard]] const std::string& last_error_line() const { return errors_.last(); }

private:
  explicit worker_child(std::function<void(const std::string&)> on_error_line);
  [[nodiscard]] expected<void> begin(process_host& host, const worker_child_options& options);
  [[nodiscard]] expected<void> enter_cgroup(const std::string& dir) const;

  std::unique_ptr<supervised_process> process_;
  owned_descriptor channel_;
  error_lines errors_;
  line_buffer lines_{worker_line_bytes_max};
  std::uint64_t runs_ = 0;
  bool given_up_ = false;
};

}  // namespace libagent
