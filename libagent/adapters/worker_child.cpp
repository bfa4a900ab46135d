#include "libagent/adapters/worker_child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest_wait = std::chrono::hours{1};

error child_error(const std::string& what) {
  return {errc::io_failed, what + ": " + std::generic_category().message(errno)};
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
    : errors_{std::move(on_error_line)} {}

expected<std::unique_ptr<worker_child>> worker_child::start(process_host& host,
                                                            const worker_child_options& options) {
  std::unique_ptr<worker_child> child{new worker_child{options.on_error_line}};
  if (auto begun = child->begin(host, options); !begun)
    return begun.error();
  return child;
}

expected<void> worker_child::begin(process_host& host, const worker_child_options& options) {
  std::array<int, 2> ends{};
  // A socket and not pipes: writing to one that nobody reads is an error and not a signal.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return child_error("connect a worker process");
  channel_ = owned_descriptor{ends[0]};
  const owned_descriptor streams{ends[1]};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return child_error("connect a worker process");
  owned_descriptor errors{ends[0]};
  const owned_descriptor its_errors{ends[1]};
  ::fcntl(errors.get(), F_SETFL, O_NONBLOCK);
  auto started = supervised_process::start(host, {.words = options.program,
                                                  .environment = options.environment,
                                                  .input = streams.get(),
                                                  .output = streams.get(),
                                                  .errors = its_errors.get(),
                                                  .limits = options.limits,
                                                  .cpu_counted = cpu_time_of::run,
                                                  .sandbox = options.sandbox});
  if (!started)
    return started.error();
  process_ = *std::move(started);
  errors_.read_from(std::move(errors), "worker " + std::to_string(pid()));
  return enter_cgroup(options.cgroup_dir);
}

expected<void> worker_child::enter_cgroup(const std::string& dir) const {
  if (dir.empty())
    return {};
  const auto file = dir + "/cgroup.procs";
  std::ofstream out{file};
  out << pid() << std::flush;
  if (!out)
    return child_error("move worker process " + std::to_string(pid()) + " by " + file);
  return {};
}

worker_child::events worker_child::wait(bool to_write, int wake, time_point until) {
  const auto wanted = static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN);
  std::array<pollfd, 4> polled{{{.fd = channel_.get(), .events = wanted, .revents = 0},
                                {.fd = errors_.descriptor(), .events = POLLIN, .revents = 0},
                                {.fd = process_->watched(), .events = POLLIN, .revents = 0},
                                {.fd = wake, .events = POLLIN, .revents = 0}}};
  const auto ready =
      ::poll(polled.data(), polled.size(), poll_timeout(process_->next_count(until)));
  const bool crowded = process_->is_crowded(std::chrono::steady_clock::now());
  if (ready <= 0)
    return {.crowded = crowded};
  return {.readable = (polled[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0,
          .writable = (polled[0].revents & POLLOUT) != 0,
          .errors = polled[1].revents != 0,
          .ended = polled[2].revents != 0,
          .crowded = crowded};
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

std::uint64_t worker_child::begin_run() {
  errors_.begin_run();
  // Fails for a process that is dead by now, which the run will find.
  (void)allow_cpu_time(pid(), limits().cpu_time);
  return ++runs_;
}

bool worker_child::is_usable() const {
  return !given_up_ && channel_.is_open() && !process_->has_ended();
}

}  // namespace libagent
