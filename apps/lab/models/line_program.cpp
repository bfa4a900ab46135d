#include "apps/lab/models/line_program.hpp"

#include "apps/lab/io_socket.hpp"
#include "libagent/adapters/owned_descriptor.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

namespace {

constexpr int no_such_program = 127;

using line_clock = std::chrono::steady_clock;

/// A child that is gone, with all that it started, when this goes.
class line_child {
public:
  line_child() = default;
  line_child(const line_child&) = delete;
  line_child& operator=(const line_child&) = delete;

  ~line_child() {
    if (pid_ <= 0)
      return;
    (void)::kill(-pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }

  expected<void> start(std::vector<std::string> command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      return system_error_of("make a pipe");
    output_ = owned_descriptor{ends[0]};
    const owned_descriptor to{ends[1]};
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (auto& word : command)
      words.push_back(word.data());
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0)
      become(words, to.get());
    if (pid_ < 0)
      return system_error_of("start " + command.front());
    return {};
  }

  /// All that it prints until it closes its output. Errors: `errc::deadline_exceeded`.
  [[nodiscard]] expected<std::string> read_all(line_clock::time_point until) const {
    std::string said;
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - line_clock::now());
      pollfd asked{.fd = output_.get(), .events = POLLIN, .revents = 0};
      if (left.count() <= 0 || ::poll(&asked, 1, static_cast<int>(left.count())) == 0)
        return error{errc::deadline_exceeded, "read what a program says: it is not done"};
      std::array<char, 4'096> piece{};
      const auto count = ::read(output_.get(), piece.data(), piece.size());
      if (count <= 0)
        return said;
      said.append(piece.data(), static_cast<std::size_t>(count));
    }
  }

  /// Its exit code; -1 when a signal ended it.
  int wait() {
    int status = 0;
    const bool ended = ::waitpid(std::exchange(pid_, -1), &status, 0) > 0;
    return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  /// In the child, where only calls that are safe after a fork may be made.
  [[noreturn]] static void become(const std::vector<char*>& words, int output) {
    (void)::setpgid(0, 0);
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::dup2(output, STDOUT_FILENO) >= 0)
      ::execvp(words.front(), words.data());
    ::_exit(no_such_program);
  }

  pid_t pid_ = -1;
  owned_descriptor output_;
};

}  // namespace

expected<nlohmann::ordered_json> run_for_line(const std::vector<std::string>& command,
                                              std::chrono::milliseconds patience) {
  line_child child;
  if (const auto started = child.start(command); !started)
    return started.error();
  const auto said = child.read_all(line_clock::now() + patience);
  if (!said)
    return error{said.error().code, command.front() + ": " + said.error().context};
  const auto code = child.wait();
  if (code == no_such_program)
    return error{errc::not_found, "start " + command.front() + ": it cannot be run"};
  auto last = nlohmann::ordered_json{};
  for (std::size_t at = 0; at < said->size();) {
    const auto end = std::min(said->find('\n', at), said->size());
    auto line = nlohmann::ordered_json::parse(said->substr(at, end - at), nullptr, false);
    if (line.is_object())
      last = std::move(line);
    at = end + 1;
  }
  if (!last.is_object()) {
    return error{
        errc::unavailable,
        "run " + command.front() + ": it printed no result, exit code " + std::to_string(code)};
  }
  return last;
}

}  // namespace libagent::lab
