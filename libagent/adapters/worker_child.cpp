#include "libagent/adapters/worker_child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t error_line_bytes_max = 1024;
constexpr std::size_t error_lines_max = 1000;
constexpr milliseconds longest_wait = std::chrono::hours{1};
/// After SIGKILL only a process that hangs in the kernel takes longer.
constexpr milliseconds reap_patience{1000};

error child_error(const std::string& what) {
  return {errc::io_failed, what + ": " + std::generic_category().message(errno)};
}

std::string describe_end(int status) {
  if (WIFEXITED(status))
    return "with exit code " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  const char* name = sigabbrev_np(number);
  auto text =
      "by " + (name != nullptr ? std::string{"SIG"} + name : "signal " + std::to_string(number));
  return text;
}

int poll_timeout(time_point until) {
  using std::chrono::steady_clock;
  const auto now = steady_clock::now();
  if (until <= now)
    return 0;
  const auto left = std::min<duration>(until - now, longest_wait);
  return static_cast<int>(std::chrono::ceil<milliseconds>(left).count());
}

}  // namespace

worker_child::worker_child(std::function<void(const std::string&)> on_error_line)
    : on_error_line_{std::move(on_error_line)}, error_lines_{error_line_bytes_max} {}

expected<std::unique_ptr<worker_child>> worker_child::start(process_spawner& spawner,
                                                            const worker_child_options& options) {
  std::unique_ptr<worker_child> child{new worker_child{options.on_error_line}};
  if (auto begun = child->begin(spawner, options); !begun)
    return begun.error();
  return child;
}

expected<void> worker_child::begin(process_spawner& spawner, const worker_child_options& options) {
  std::array<int, 2> ends{};
  // A socket and not pipes: writing to one that nobody reads is an error and not a signal.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return child_error("connect a worker process");
  channel_ = owned_descriptor{ends[0]};
  const owned_descriptor streams{ends[1]};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return child_error("connect a worker process");
  errors_ = owned_descriptor{ends[0]};
  const owned_descriptor errors{ends[1]};
  ::fcntl(errors_.get(), F_SETFL, O_NONBLOCK);
  const auto started = spawner.spawn({.words = options.program,
                                      .environment = options.environment,
                                      .standard_streams = streams.get(),
                                      .errors = errors.get()});
  if (!started)
    return started.error();
  pid_ = *started;
  // Nobody else reaps it, so its number cannot be another process's by now.
  pidfd_ = owned_descriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!pidfd_.is_open())
    return child_error("watch a worker process");
  return enter_cgroup(options.cgroup_dir);
}

expected<void> worker_child::enter_cgroup(const std::string& dir) const {
  if (dir.empty())
    return {};
  const auto file = dir + "/cgroup.procs";
  std::ofstream out{file};
  out << pid_ << std::flush;
  if (!out)
    return child_error("move worker process " + std::to_string(pid_) + " by " + file);
  return {};
}

worker_child::~worker_child() {
  (void)end();
}

worker_child::events worker_child::wait(bool to_write, int wake, time_point until) {
  const auto wanted = static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN);
  std::array<pollfd, 4> polled{{{.fd = channel_.get(), .events = wanted, .revents = 0},
                                {.fd = errors_.get(), .events = POLLIN, .revents = 0},
                                {.fd = pidfd_.get(), .events = POLLIN, .revents = 0},
                                {.fd = wake, .events = POLLIN, .revents = 0}}};
  if (::poll(polled.data(), polled.size(), poll_timeout(until)) <= 0)
    return {};
  return {.readable = (polled[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0,
          .writable = (polled[0].revents & POLLOUT) != 0,
          .errors = polled[1].revents != 0,
          .ended = polled[2].revents != 0};
}

std::string_view worker_child::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent =
        ::send(channel_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      return bytes;
    } else if (errno != EINTR) {
      return {};  // it is dead or closed its input; reading tells which
    }
  }
  return {};
}

worker_child::read_result worker_child::read() {
  std::array<char, 65'536> bytes{};
  while (channel_.is_open()) {
    const auto got = ::recv(channel_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0) {
      lines_.append({bytes.data(), static_cast<std::size_t>(got)});
      return read_result::some;
    }
    if (got < 0 && errno == EAGAIN)
      return read_result::none;
    if (got == 0 || errno != EINTR)
      channel_.reset();  // or poll would report its end again and again
  }
  return read_result::over;
}

void worker_child::pass_errors_on() {
  std::array<char, 4096> bytes{};
  // Bounded, because a process may print faster than anybody reads.
  for (std::size_t turn = 0; turn < 16 && errors_.is_open(); ++turn) {
    const auto got = ::read(errors_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0) {
      if (auto rest = error_lines_.take_rest(); !rest.empty())
        show_error_line(std::move(rest));
      errors_.reset();
      return;
    }
    error_lines_.append({bytes.data(), static_cast<std::size_t>(got)});
    while (auto line = error_lines_.next())
      show_error_line(*std::move(line));
    if (error_lines_.is_too_long())
      show_error_line(error_lines_.take_rest());
  }
}

void worker_child::show_error_line(std::string line) {
  line.resize(std::min(line.size(), error_line_bytes_max));
  const auto shown = error_lines_shown_++;
  const auto prefix = "worker " + std::to_string(pid_) + ": ";
  if (shown < error_lines_max)
    on_error_line_(prefix + line);
  if (shown == error_lines_max)
    on_error_line_(prefix + "(more lines are not shown)");
  if (!line.empty())
    last_error_line_ = std::move(line);
}

std::uint64_t worker_child::begin_run() {
  error_lines_shown_ = 0;
  last_error_line_.clear();
  return ++runs_;
}

void worker_child::signal(int number) const {
  if (pid_ > 0 && !ended_)
    ::kill(-pid_, number);  // its group is its session's first, see `process_spawner::spawn`
}

std::string worker_child::end() {
  if (pid_ <= 0)
    return "before it began";
  if (ended_)
    return *ended_;
  // What it started dies too, also when it is dead itself: the group lives until it is reaped.
  pollfd watched{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  signal(SIGKILL);
  if (pidfd_.is_open())
    (void)::poll(&watched, 1, static_cast<int>(reap_patience.count()));
  int status = 0;
  const bool reaped = ::waitpid(pid_, &status, WNOHANG) == pid_;
  ended_ = reaped ? describe_end(status) : std::string{"never, though it was killed"};
  return *ended_;
}

bool worker_child::is_usable() {
  pollfd watched{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  return !given_up_ && !ended_ && channel_.is_open() && ::poll(&watched, 1, 0) == 0;
}

}  // namespace libagent
