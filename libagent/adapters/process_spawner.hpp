#pragma once

#include "libagent/adapters/process_limits.hpp"
#include "libagent/adapters/sandbox.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/scheduling_choice.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace libagent {

/// A program to start, the descriptors it gets, and what it puts on itself before it begins.
struct spawn_order {
  std::string program;                   ///< Its file, as `find_program` gives it.
  std::vector<std::string> words;        ///< What it finds as its arguments; the first is a name.
  std::vector<std::string> environment;  ///< All of it, as NAME=VALUE.
  int input = -1;
  int output = -1;
  int errors = -1;
  std::string folder;  ///< Where it starts; empty: where this process is.
  std::vector<resource_limit> limits;
  sandbox_rules rules;
  int group = -1;  ///< A control group's cgroup.procs, opened for writing; -1: none.
};

/// The absolute path of a program that is named as in a shell, by the PATH of the environment that
/// it gets; without one, in /usr/bin and /bin. Errors: `unavailable`.
[[nodiscard]] expected<std::string> find_program(const std::string& name,
                                                 const std::vector<std::string>& environment);

/// Starts programs from one thread that lives as long as this does.
///
/// The thread matters twice. Programs inherit its policy and niceness, so nobody else's is touched;
/// and they die with it, so with this process (PR_SET_PDEATHSIG), where the thread that wants a
/// program may end at any time.
/// Thread safety: any thread.
class process_spawner {
public:
  /// Programs run at that rank; see `lower_thread`.
  process_spawner(worker_policy policy, int nice);
  process_spawner(const process_spawner&) = delete;
  process_spawner& operator=(const process_spawner&) = delete;
  ~process_spawner();

  /// Starts a program in a session of its own, without blocked or ignored signals and without any
  /// other descriptor. Limits and rules hold from its first instruction on. Nothing of this process
  /// is copied for it, however large it is. The caller reaps it. Blocking: until it runs.
  /// Errors: `unavailable`, when it cannot be started.
  [[nodiscard]] expected<pid_t> spawn(const spawn_order& order);

private:
  struct pending_start {  // on the stack of the thread that waits for it
    const spawn_order& order;
    std::optional<expected<pid_t>> started;
  };

  void serve(worker_policy policy, int nice);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<pending_start*> orders_;
  bool ending_ = false;
  expected<void> lowered_;  // of the thread only
  std::thread thread_;      // last: it uses what is above
};

}  // namespace libagent
