#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/pids_group.hpp"
#include "libagent/adapters/process_end.hpp"
#include "libagent/adapters/process_family.hpp"
#include "libagent/adapters/process_limits.hpp"
#include "libagent/adapters/process_spawner.hpp"
#include "libagent/adapters/sandbox.hpp"
#include "libagent/adapters/work_folders.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace libagent {

/// What starting supervised processes needs: a thread that starts them, and their folders.
/// Outlives all that it started. Thread safety: any thread.
struct process_host {
  process_spawner spawner;
  std::unique_ptr<work_folders> folders;

  /// @param base where the folders are; see `work_folders::open`. Errors: those of that.
  [[nodiscard]] static expected<std::shared_ptr<process_host>> open(
      worker_policy policy, int nice, const std::filesystem::path& base = {});
};

/// A process to start; see `spawn_order`.
struct process_order {
  std::vector<std::string> words;  ///< Program, sought in PATH, and arguments.
  std::vector<std::string> environment;
  int input = -1;
  int output = -1;
  int errors = -1;
  process_limits limits;
  cpu_time_of cpu_counted = cpu_time_of::process;
  sandbox_options sandbox;
};

/// One process with limits, sandbox and folder, and all that it starts. Ended by the destructor at
/// the latest. Thread safety: none.
class supervised_process {
public:
  /// Errors: `unavailable` when it cannot be started; `io_failed` for folder and rules.
  [[nodiscard]] static expected<std::unique_ptr<supervised_process>> start(
      process_host& host, const process_order& order);

  supervised_process(const supervised_process&) = delete;
  supervised_process& operator=(const supervised_process&) = delete;
  ~supervised_process();

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Readable once it has ended.
  [[nodiscard]] int watched() const { return pidfd_.get(); }

  [[nodiscard]] bool has_ended() const;

  /// Sends a signal to it and to what is in its process group.
  void signal(int number) const;

  /// When to call `is_crowded` next, at the latest `until`.
  [[nodiscard]] time_point next_count(time_point until) const;

  /// Counts its family when it is time to; returns whether that is over the limit.
  [[nodiscard]] bool is_crowded(time_point now);

  [[nodiscard]] const process_limits& limits() const { return limits_; }

  /// Kills it and all its family unless that was done, and reaps it. Blocking: a second at most,
  /// and only when the kernel is at fault.
  const process_end& end();

private:
  supervised_process(const process_limits& limits, std::uint64_t tag);
  [[nodiscard]] expected<void> begin(process_host& host, const process_order& order);
  void lower_its_worth() const;

  process_limits limits_;
  process_family family_;
  work_folder folder_;
  std::optional<pids_group> group_;
  pid_t pid_ = -1;
  owned_descriptor pidfd_;
  bool counts_ = false;
  time_point next_count_;
  std::optional<process_end> ended_;
};

}  // namespace libagent
