#include "tests/support/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace libagent::testing {

namespace {

using child_clock = std::chrono::steady_clock;

constexpr int exec_failed_code = 127;

[[noreturn]] void fail_call(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// Waits until `fd` has something to tell; false when the time was up first.
bool poll_until(int fd, child_clock::time_point deadline) {
  using std::chrono::ceil;
  using std::chrono::milliseconds;
  while (true) {
    const auto left = ceil<milliseconds>(deadline - child_clock::now()).count();
    pollfd waited{.fd = fd, .events = POLLIN, .revents = 0};
    const auto ready = ::poll(&waited, 1, static_cast<int>(std::max<decltype(left)>(left, 0)));
    if (ready >= 0)
      return ready > 0;
    if (errno != EINTR)
      fail_call("poll");
  }
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (auto& word : words)
    result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> surroundings_of(const child_command& command) {
  std::vector<std::string> result;
  for (auto** entry = environ; *entry != nullptr; ++entry)
    result.emplace_back(*entry);
  for (const auto& [name, value] : command.environment) {
    const auto prefix = name + "=";
    std::erase_if(result, [&](const std::string& old) { return old.starts_with(prefix); });
    result.push_back(prefix + value);
  }
  return result;
}

/// Everything the new process needs, prepared before the fork: between fork and exec only
/// async-signal-safe calls are allowed, which excludes allocation.
struct prepared_child {
  std::vector<char*> words;
  std::vector<char*> environment;
  const char* directory;
  int input;
  int output;
  int errors;
  pid_t parent;
};

[[noreturn]] void become(const prepared_child& child) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool parent_lives = ::getppid() == child.parent;
  const bool moved = *child.directory == '\0' || ::chdir(child.directory) == 0;
  if (parent_lives && moved) {
    ::dup2(child.input, STDIN_FILENO);
    ::dup2(child.output, STDOUT_FILENO);
    ::dup2(child.errors, STDERR_FILENO);
    ::execvpe(child.words.front(), child.words.data(), child.environment.data());
  }
  ::_exit(exec_failed_code);
}

}  // namespace

child_process::child_process(const child_command& command) {
  auto words = command.words;
  auto environment = surroundings_of(command);
  std::array<int, 2> pipe_ends{};
  const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  errors_ = ::memfd_create("stderr", MFD_CLOEXEC);
  if (words.empty() || input < 0 || errors_ < 0 || ::pipe2(pipe_ends.data(), O_CLOEXEC) != 0)
    fail_call("prepare a child process");
  const prepared_child prepared{.words = pointers_to(words),
                                .environment = pointers_to(environment),
                                .directory = command.directory.c_str(),
                                .input = input,
                                .output = pipe_ends[1],
                                .errors = errors_,
                                .parent = ::getpid()};
  pid_ = ::fork();
  if (pid_ == 0)
    become(prepared);
  ::close(input);
  ::close(pipe_ends[1]);
  output_ = pipe_ends[0];
  if (pid_ < 0)
    fail_call("fork");
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0)
    fail_call("pidfd_open");
}

child_process::~child_process() {
  if (!ended_) {
    ::kill(-pid_, SIGKILL);  // the group, unless it was not made yet
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {pidfd_, output_, errors_})
    if (fd >= 0)
      ::close(fd);
}

child_process::read_result child_process::read_some(child_clock::time_point deadline) {
  if (output_ < 0)
    return read_result::ended;
  if (!poll_until(output_, deadline))
    return read_result::timed_out;
  std::array<char, 4096> buffer{};
  const auto got = ::read(output_, buffer.data(), buffer.size());
  if (got > 0) {
    unread_.append(buffer.data(), static_cast<std::size_t>(got));
    return read_result::more;
  }
  ::close(output_);
  output_ = -1;
  return read_result::ended;
}

std::optional<std::string> child_process::read_line(std::chrono::milliseconds limit) {
  const auto deadline = child_clock::now() + limit;
  while (true) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto result = read_some(deadline);
    if (result == read_result::timed_out)
      return std::nullopt;
    if (result == read_result::ended)
      return unread_.empty() ? std::nullopt : std::optional{std::exchange(unread_, {})};
  }
}

std::string child_process::wait_for_line(std::string_view wanted, std::chrono::milliseconds limit) {
  const auto deadline = child_clock::now() + limit;
  std::string seen;
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - child_clock::now());
    auto line = read_line(std::max(left, std::chrono::milliseconds{0}));
    if (!line)
      break;
    if (line->find(wanted) != std::string::npos)
      return *line;
    seen += *line + "\n";
  }
  throw std::runtime_error("no line with '" + std::string{wanted} + "' within " +
                           std::to_string(limit.count()) + " ms; printed: '" + seen +
                           "', errors: '" + errors() + "'");
}

std::string child_process::read_rest(std::chrono::milliseconds limit) {
  const auto deadline = child_clock::now() + limit;
  while (read_some(deadline) == read_result::more) {
  }
  return std::exchange(unread_, {});
}

std::string child_process::errors() const {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const auto got =
        ::pread(errors_, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (got <= 0)
      return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void child_process::send_signal(int number) const {
  if (!ended_)
    ::kill(pid_, number);
}

std::optional<exit_status> child_process::wait(std::chrono::milliseconds limit) {
  if (ended_)
    return ended_;
  if (!poll_until(pidfd_, child_clock::now() + limit))
    return std::nullopt;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_)
    fail_call("waitpid");
  ended_ = WIFEXITED(status) ? exit_status{.code = WEXITSTATUS(status), .signal = {}}
                             : exit_status{.code = {}, .signal = WTERMSIG(status)};
  return ended_;
}

}  // namespace libagent::testing
