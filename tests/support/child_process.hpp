#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace libagent::testing {

/// What to start, and in which surroundings.
struct child_command {
  std::vector<std::string> words;  ///< Program and arguments; without a slash it is sought in PATH.
  std::vector<std::pair<std::string, std::string>> environment;  ///< Added to the test's own.
  std::string directory;                                         ///< Empty: the test's own.
};

/// How a process ended.
struct exit_status {
  std::optional<int> code;    ///< Set when it exited by itself.
  std::optional<int> signal;  ///< Set when a signal killed it.

  friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// A real process under test. Killed with its process group at the latest by the destructor, and
/// by the kernel when the test itself is killed.
///
/// Standard input is empty. Standard output is a pipe, so a program that prints more than 64 KiB
/// waits until a test reads it. Standard error is kept in memory and never makes it wait. All
/// waiting is bounded and done in the kernel (poll on the pipe or on a pidfd), never by sleeping.
/// Thread safety: none. Errors: what a test cannot act upon throws `std::runtime_error`.
class child_process {
public:
  explicit child_process(const child_command& command);

  explicit child_process(std::vector<std::string> words)
      : child_process{
            child_command{.words = std::move(words), .environment = {}, .directory = {}}} {}

  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// The next line of standard output without its newline; a last line needs none. Empty when the
  /// time is up or the output has ended.
  [[nodiscard]] std::optional<std::string> read_line(std::chrono::milliseconds limit);

  /// Reads lines until one contains `wanted`, and returns it. Throws with all that was printed
  /// instead when there is none within `limit`.
  [[nodiscard]] std::string wait_for_line(std::string_view wanted, std::chrono::milliseconds limit);

  /// The rest of standard output up to its end; what came so far when the time is up first.
  [[nodiscard]] std::string read_rest(std::chrono::milliseconds limit);

  /// All of standard error so far.
  [[nodiscard]] std::string errors() const;

  /// Sends a signal (SIGTERM, SIGKILL, SIGSTOP, ...) to the process alone.
  void send_signal(int number) const;

  /// Waits for the end; empty when the process still runs after `limit`.
  [[nodiscard]] std::optional<exit_status> wait(std::chrono::milliseconds limit);

private:
  enum class read_result { more, ended, timed_out };

  read_result read_some(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int output_ = -1;  // the read end of the pipe; -1 after its end was seen
  int errors_ = -1;  // an anonymous file
  std::string unread_;
  std::optional<exit_status> ended_;
};

}  // namespace libagent::testing
