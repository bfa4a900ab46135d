#include "apps/lab/io_server_process.hpp"

#include "apps/lab/io_memory.hpp"
#include "apps/lab/io_socket.hpp"

#include <array>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace libagent::lab {

namespace {

/// Becomes the server, with its output going to `output`. Only returns when that fails.
void become_server(int output, const char* wait_ms) {
  if (::dup2(output, STDOUT_FILENO) < 0)
    return;
  ::execl("/proc/self/exe", "agent-lab", "wait-server", "--wait-ms", wait_ms, nullptr);
}

std::uint16_t read_port(int from) {
  std::array<char, 16> line{};
  const auto count = ::read(from, line.data(), line.size());
  std::uint16_t port = 0;
  if (count > 0)
    (void)std::from_chars(line.data(), line.data() + count, port);
  return port;
}

}  // namespace

expected<wait_server_process> wait_server_process::start(std::chrono::milliseconds wait) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return system_error_of("make a pipe");
  const owned_descriptor from{ends[0]};
  owned_descriptor to{ends[1]};
  const auto wait_ms = std::to_string(wait.count());
  const auto pid = ::fork();
  if (pid < 0)
    return system_error_of("start the wait server");
  if (pid == 0) {
    become_server(to.get(), wait_ms.c_str());
    ::_exit(127);
  }
  to.reset();
  wait_server_process started{pid, read_port(from.get())};
  if (started.port() == 0)
    return error{errc::unavailable, "start the wait server: it did not say its port"};
  return started;
}

wait_server_process::~wait_server_process() {
  if (pid_ <= 0)
    return;
  (void)::kill(pid_, SIGKILL);
  (void)::waitpid(pid_, nullptr, 0);
}

std::uint64_t wait_server_process::peak_resident_bytes() const {
  return peak_bytes_of(std::to_string(pid_));
}

}  // namespace libagent::lab
