#include "apps/lab/child_program.hpp"

#include <array>
#include <fcntl.h>
#include <iostream>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace libagent::lab {

namespace {

constexpr int could_not_start = 127;

[[noreturn]] void become(const std::vector<std::string>& arguments, const memory_cage* cage,
                         int output) {
  std::vector<char*> argv;
  std::string self = "agent-lab";
  argv.push_back(self.data());
  auto copies = arguments;
  for (auto& each : copies)
    argv.push_back(each.data());
  argv.push_back(nullptr);
  if ((cage == nullptr || cage->enter()) && ::dup2(output, STDOUT_FILENO) >= 0)
    ::execv("/proc/self/exe", argv.data());
  ::_exit(could_not_start);
}

/// Reads lines until the other side closes; keeps the last one that is JSON.
nlohmann::ordered_json last_line_of(int input) {
  auto last = nlohmann::ordered_json::object();
  std::string rest;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto length = ::read(input, buffer.data(), buffer.size());
    if (length <= 0)
      return last;
    rest.append(buffer.data(), static_cast<std::size_t>(length));
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      auto line = nlohmann::ordered_json::parse(rest.substr(0, end), nullptr, false);
      if (line.is_object())
        last = std::move(line);
      rest.erase(0, end + 1);
    }
  }
}

}  // namespace

child_outcome run_child_program(const std::vector<std::string>& arguments,
                                const memory_cage* cage) {
  child_outcome outcome;
  std::array<int, 2> ends{};
  std::cout.flush();
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return outcome;
  const auto child = ::fork();
  if (child == 0)
    become(arguments, cage, ends[1]);
  ::close(ends[1]);
  if (child > 0)
    outcome.last = last_line_of(ends[0]);
  ::close(ends[0]);
  int status = 0;
  rusage used{};
  if (child < 0 || ::wait4(child, &status, 0, &used) != child)
    return outcome;
  if (WIFEXITED(status))
    outcome.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status))
    outcome.signal = WTERMSIG(status);
  outcome.has_started = outcome.exit_code != could_not_start;
  outcome.peak_resident_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  return outcome;
}

void tell_parent(const nlohmann::ordered_json& what) {
  const auto line = what.dump() + "\n";
  std::string_view rest{line};
  while (!rest.empty()) {
    const auto written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written <= 0)
      return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace libagent::lab
