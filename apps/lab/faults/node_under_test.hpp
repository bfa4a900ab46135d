#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace libagent::lab {

/// How to start a node.
struct node_command {
  std::vector<std::string> program;  ///< File and arguments.
  /// Added to the environment of this process.
  std::vector<std::pair<std::string, std::string>> environment;
  std::filesystem::path log;  ///< What it prints to standard error is added here.
};

/// How a process ended.
struct process_ending {
  int exit_code = -1;  ///< -1: by a signal.
  int signal = 0;
};

/// "exit code 1", "SIGKILL", ...
[[nodiscard]] std::string to_string(const process_ending& ending);

/// A node as a process of its own, which is killed with this object, and with the thread that
/// started it. Thread safety: none, but `port`.
class node_under_test {
public:
  /// Starts the program and waits for the line that says where it serves. It may end before that:
  /// then `has_ended` is true and the port is 0. Errors: `io_failed`; `deadline_exceeded` when
  /// neither comes.
  [[nodiscard]] static expected<node_under_test> start(const node_command& command,
                                                       std::chrono::milliseconds patience);

  node_under_test(node_under_test&& other) noexcept
      : pid_{std::exchange(other.pid_, -1)},
        port_{other.port_},
        watched_{std::move(other.watched_)},
        output_{std::move(other.output_)},
        ending_{other.ending_} {}

  node_under_test& operator=(node_under_test&&) = delete;
  node_under_test(const node_under_test&) = delete;
  node_under_test& operator=(const node_under_test&) = delete;
  ~node_under_test();

  [[nodiscard]] std::uint16_t port() const { return port_; }

  [[nodiscard]] pid_t pid() const { return pid_; }

  void send_signal(int signal) const;

  /// Waits for its end, at most until `until`; returns whether it came.
  bool wait_end(time_point until);

  [[nodiscard]] bool has_ended() const { return ending_.has_value(); }

  /// @pre `has_ended`.
  [[nodiscard]] const process_ending& ending() const { return *ending_; }

private:
  node_under_test(pid_t pid, owned_descriptor watched, owned_descriptor output)
      : pid_{pid}, watched_{std::move(watched)}, output_{std::move(output)} {}

  expected<void> read_port(time_point until);

  pid_t pid_;
  std::uint16_t port_ = 0;
  owned_descriptor watched_;  // a pidfd
  owned_descriptor output_;
  std::optional<process_ending> ending_;
};

}  // namespace libagent::lab
