#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/config/scheduling_choice.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace libagent {

/// A program to start, and the descriptors it gets.
struct spawn_order {
  std::vector<std::string> words;        ///< Program and arguments; it is sought in PATH.
  std::vector<std::string> environment;  ///< All of it, as NAME=VALUE.
  int standard_streams = -1;             ///< Its standard input and output.
  int errors = -1;                       ///< Its standard error.
};

/// Starts programs from one thread that lives as long as this does.
///
/// The thread matters twice. Programs inherit its policy and niceness, so nobody else's is touched;
/// and a program that asks to die with its parent (PR_SET_PDEATHSIG) means this thread, where the
/// thread that wants a program may end at any time.
/// Thread safety: any thread.
class process_spawner {
public:
  /// Programs run at that rank; see `lower_thread`.
  process_spawner(worker_policy policy, int nice);
  process_spawner(const process_spawner&) = delete;
  process_spawner& operator=(const process_spawner&) = delete;
  ~process_spawner();

  /// Starts a program in a session of its own, without blocked or ignored signals and without any
  /// other descriptor. Nothing of this process is copied for it, however large it is. The caller
  /// reaps it. Blocking: until it runs. Errors: `unavailable`, when it cannot be started.
  [[nodiscard]] expected<pid_t> spawn(const spawn_order& order);

private:
  void serve(worker_policy policy, int nice);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::packaged_task<expected<pid_t>()>> orders_;
  bool ending_ = false;
  expected<void> lowered_;  // of the thread only
  std::thread thread_;      // last: it uses what is above
};

}  // namespace libagent
