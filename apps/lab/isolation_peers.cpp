#include "apps/lab/isolation_peers.hpp"

#include "apps/lab/loopback_socket.hpp"
#include "apps/lab/wire_answers.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sstream>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

namespace {

constexpr int start_patience_ms = 30'000;
constexpr int answer_patience_ms = 30'000;

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  std::istringstream folders{path == nullptr ? "" : path};
  for (std::string folder; std::getline(folders, folder, ':');) {
    folder.append("/").append(program);
    if (::access(folder.c_str(), X_OK) == 0)
      return true;
  }
  return false;
}

/// Reads a line; an error when none came in time.
expected<std::string> read_line(int from, int patience_ms) {
  std::string line;
  pollfd waiting{.fd = from, .events = POLLIN, .revents = 0};
  while (::poll(&waiting, 1, patience_ms) > 0) {
    char next = 0;
    if (::read(from, &next, 1) != 1)
      return error{errc::unavailable, "read a peer's answer: it ended"};
    if (next == '\n')
      return line;
    line += next;
  }
  return error{errc::unavailable, "read a peer's answer: none came"};
}

template <class Number>
expected<Number> number_in(std::string_view text) {
  Number value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{})
    return error{errc::corrupt, "read a peer's answer: \"" + std::string{text} + "\""};
  return value;
}

/// A child process whose output we read; ended, with all it started, when this goes.
class peer_process {
public:
  peer_process() = default;
  peer_process(const peer_process&) = delete;
  peer_process& operator=(const peer_process&) = delete;

  ~peer_process() {
    if (pid_ > 0) {
      (void)::kill(-pid_, SIGKILL);  // It leads a process group of its own.
      (void)::waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0)
      (void)::close(output_);
  }

  expected<void> start(const std::vector<std::string>& command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
      return error{errc::io_failed, "start a peer: no pipe"};
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const auto& word : command)
      arguments.push_back(const_cast<char*>(word.c_str()));  // execvp does not change them
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0)
      become(arguments, ends[1]);
    (void)::close(ends[1]);
    output_ = ends[0];
    if (pid_ < 0)
      return error{errc::io_failed, "start a peer: cannot fork"};
    return {};
  }

  [[nodiscard]] int output() const { return output_; }

private:
  /// In the child, where only calls that are safe after a fork may be made.
  [[noreturn]] static void become(const std::vector<char*>& arguments, int output) {
    (void)::setpgid(0, 0);
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)::dup2(output, STDOUT_FILENO);
    ::execvp(arguments.front(), arguments.data());
    ::_exit(127);
  }

  pid_t pid_ = -1;
  int output_ = -1;
};

class peer_contestant final : public contestant {
public:
  expected<void> open(const std::vector<std::string>& command) {
    if (auto started = process_.start(command); !started)
      return started;
    const auto line = read_line(process_.output(), start_patience_ms);
    if (!line)
      return line.error();
    if (!line->starts_with("port "))
      return error{errc::unavailable, "start a peer: it said \"" + *line + "\""};
    const auto port = number_in<std::uint16_t>(std::string_view{*line}.substr(5));
    if (!port)
      return port.error();
    port_ = *port;
    control_ = connect_loopback(port_);
    return control_.is_open() ? expected<void>{} : error{errc::io_failed, "connect to a peer"};
  }

  expected<void> start_long() override { return command("l 1\n"); }

  expected<void> stop_long() override { return command("l 0\n"); }

  [[nodiscard]] double long_tasks_done() override {
    const auto answer = ask("q\n");
    const auto count = answer ? number_in<std::uint64_t>(*answer) : answer.error();
    return count ? static_cast<double>(*count) : 0;
  }

  expected<void> play(const answer_board_ptr& board) override {
    static const std::string request = "s\n";
    return play_over_tcp(*board, port_, request, read_line_answer);
  }

private:
  expected<std::string> ask(std::string_view line) {
    if (!send_at_once(control_, line))
      return error{errc::io_failed, "send to a peer"};
    return read_line(control_.get(), answer_patience_ms);
  }

  expected<void> command(std::string_view line) {
    const auto answer = ask(line);
    if (!answer)
      return answer.error();
    if (*answer != "ok")
      return error{errc::corrupt, "command a peer: it said \"" + *answer + "\""};
    return {};
  }

  peer_process process_;
  owned_descriptor control_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::vector<peer_spec> known_peers() {
  return {{"asyncio, thread pool", "python3", "asyncio_pools.py", "threads"},
          {"asyncio, process pool", "python3", "asyncio_pools.py", "processes"},
          {"Node, worker threads", "node", "node_workers.mjs", ""},
          {"BEAM, all normal", "escript", "beam_priorities.erl", "normal"},
          {"BEAM, short high", "escript", "beam_priorities.erl", "high"},
          {"BEAM, long low", "escript", "beam_priorities.erl", "long_low"}};
}

expected<std::unique_ptr<contestant>> start_peer(const std::string& folder, const peer_spec& spec) {
  const auto script = std::filesystem::path{folder} / spec.script;
  if (!std::filesystem::exists(script))
    return error{errc::not_found, "start " + spec.name + ": there is no " + script.string()};
  if (!is_in_path(spec.program))
    return error{errc::not_found, "start " + spec.name + ": there is no " + spec.program};
  std::vector<std::string> command{spec.program, script.string()};
  if (!spec.argument.empty())
    command.push_back(spec.argument);
  auto made = std::make_unique<peer_contestant>();
  if (const auto opened = made->open(command); !opened)
    return opened.error();
  return std::unique_ptr<contestant>{std::move(made)};
}

}  // namespace libagent::lab
