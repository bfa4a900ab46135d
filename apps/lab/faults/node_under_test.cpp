#include "apps/lab/faults/node_under_test.hpp"

#include "apps/lab/io_socket.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace libagent::lab {

namespace {

/// Whether `descriptor` has something before `until`.
bool wait_readable(int descriptor, time_point until) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd asked{.fd = descriptor, .events = POLLIN, .revents = 0};
    const auto ready = ::poll(&asked, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready > 0)
      return true;
    if (ready == 0 || errno != EINTR)
      return false;
  }
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& each : texts)
    all.push_back(each.data());
  all.push_back(nullptr);
  return all;
}

/// This process's variables, without those that are given, and the given ones.
std::vector<std::string> environment_of(const node_command& command) {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto is_given = [&](const auto& given) { return text.starts_with(given.first + "="); };
    if (std::ranges::none_of(command.environment, is_given))
      all.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment)
    all.push_back(std::string{name}.append("=").append(value));
  return all;
}

/// Between fork and exec: nothing that allocates.
[[noreturn]] void become_node(char** arguments, char** environment, int output, int log) {
  sigset_t none{};
  sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::dup2(output, STDOUT_FILENO) >= 0 &&
      ::dup2(log, STDERR_FILENO) >= 0)
    ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

std::uint16_t port_in(const std::string& line) {
  const auto ready = nlohmann::json::parse(line, nullptr, false);
  if (!ready.is_object() || !ready.contains("http"))
    return 0;
  const auto url = ready["http"].get<std::string>();
  std::uint16_t port = 0;
  const auto colon = url.rfind(':');
  if (colon != std::string::npos)
    (void)std::from_chars(url.data() + colon + 1, url.data() + url.size(), port);
  return port;
}

}  // namespace

std::string to_string(const process_ending& ending) {
  if (ending.signal == 0)
    return "exit code " + std::to_string(ending.exit_code);
  const char* const name = ::sigabbrev_np(ending.signal);
  return name == nullptr ? "signal " + std::to_string(ending.signal) : std::string{"SIG"} + name;
}

expected<node_under_test> node_under_test::start(const node_command& command,
                                                 std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return system_error_of("make a pipe");
  owned_descriptor from{ends[0]};
  owned_descriptor to{ends[1]};
  const owned_descriptor log{
      ::open(command.log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)};
  if (!log.is_open())
    return system_error_of("open " + command.log.string());
  auto words = command.program;
  auto variables = environment_of(command);
  auto arguments = pointers_to(words);
  auto environment = pointers_to(variables);
  const auto pid = ::fork();
  if (pid < 0)
    return system_error_of("start a node");
  if (pid == 0)
    become_node(arguments.data(), environment.data(), to.get(), log.get());
  to.reset();
  owned_descriptor watched{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  node_under_test node{pid, std::move(watched), std::move(from)};
  if (!node.watched_.is_open())
    return system_error_of("watch a node");
  if (auto read = node.read_port(std::chrono::steady_clock::now() + patience); !read)
    return read.error();
  return node;
}

expected<void> node_under_test::read_port(time_point until) {
  std::string said;
  while (said.find('\n') == std::string::npos) {
    if (!wait_readable(output_.get(), until))
      return error{errc::deadline_exceeded, "start a node: it did not get ready"};
    std::array<char, 512> piece{};
    const auto count = ::read(output_.get(), piece.data(), piece.size());
    if (count <= 0) {
      if (!wait_end(until))
        return error{errc::deadline_exceeded, "start a node: it closed its output, but goes on"};
      return {};
    }
    said.append(piece.data(), static_cast<std::size_t>(count));
  }
  port_ = port_in(said.substr(0, said.find('\n')));
  if (port_ == 0)
    return error{errc::io_failed, "start a node: it said \"" + said + "\""};
  return {};
}

node_under_test::~node_under_test() {
  if (pid_ <= 0 || ending_)
    return;
  send_signal(SIGKILL);
  (void)::waitpid(pid_, nullptr, 0);
}

void node_under_test::send_signal(int signal) const {
  if (!ending_)
    (void)::kill(pid_, signal);
}

bool node_under_test::wait_end(time_point until) {
  if (ending_)
    return true;
  if (!wait_readable(watched_.get(), until))
    return false;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_)
    return false;
  process_ending how;
  if (WIFEXITED(status))
    how.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status))
    how.signal = WTERMSIG(status);
  ending_ = how;
  return true;
}

}  // namespace libagent::lab
