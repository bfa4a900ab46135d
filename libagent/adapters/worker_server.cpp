#include "libagent/adapters/worker_server.hpp"

#include "libagent/adapters/line_buffer.hpp"
#include "libagent/adapters/worker_protocol.hpp"
#include "libagent/base/time.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds last_grace{250};
/// The receiver shows a few a second; a tool that reports in its inner loop shall not pay for more.
constexpr milliseconds progress_interval{20};
constexpr int exit_of_broken_channel = 3;

class worker_server {
public:
  worker_server(worker_channel channel, const tool_registry& tools)
      : channel_{channel}, tools_{tools} {}

  int serve() {
    std::array<char, 65'536> bytes{};
    bool intact = true;
    while (intact) {
      const auto got = ::read(channel_.in, bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        break;
      orders_.append({bytes.data(), static_cast<std::size_t>(got)});
      intact = follow_orders();
    }
    end_run();
    return intact ? EXIT_SUCCESS : exit_of_broken_channel;
  }

private:
  bool follow_orders() {
    while (const auto line = orders_.next()) {
      auto order = from_json<worker_order>(*line, worker_line_limits);
      if (!order)
        return complain("an order makes no sense: " + order.error().context);
      if (order->stop) {
        stop_run(order->run);
      } else if (!begin_run(*std::move(order))) {
        return complain("a run was ordered while another one is under way");
      }
    }
    return !orders_.is_too_long() || complain("an order is longer than 16 MiB");
  }

  static bool complain(const std::string& what) {
    std::fprintf(stderr, "worker: %s\n", what.c_str());
    return false;
  }

  void stop_run(std::uint64_t number) {
    if (number == number_)
      stop_.request_stop();
  }

  bool begin_run(worker_order order) {
    if (is_running())
      return false;
    if (thread_.joinable())
      thread_.join();
    number_ = order.run;
    stop_ = std::stop_source{};
    {
      const std::lock_guard guard{mutex_};
      running_ = true;
    }
    thread_ = std::thread{[this, order = std::move(order)] { run(order); }};
    return true;
  }

  bool is_running() {
    const std::lock_guard guard{mutex_};
    return running_;
  }

  void run(const worker_order& order) {
    worker_report report{.run = order.run};
    auto outcome = outcome_of(order, report);
    if (outcome) {
      report.result = raw_json{*std::move(outcome)};
    } else {
      report.failure = outcome.error();
    }
    {
      const std::lock_guard guard{mutex_};
      running_ = false;  // before the report, whose reader may order the next run at once
    }
    send(report);
    ended_.notify_all();
  }

  /// `report` is told of children, beside the outcome.
  expected<std::string> outcome_of(const worker_order& order, worker_report& report) {
    const auto found = tools_.lookup(order.tool);
    if (!found)
      return found.error();
    tool_context context{.id = order.task.value_or(task_id{}),
                         .deadline = std::chrono::steady_clock::now() + order.timeout,
                         .stop = stop_.get_token()};
    context.progress = [this, run = order.run, last = time_point{}](double fraction,
                                                                    std::string message) mutable {
      const auto now = std::chrono::steady_clock::now();
      if (now - last < progress_interval && fraction < 1)
        return;
      last = now;
      send({.run = run, .progress = task_progress{fraction, std::move(message)}});
    };
    context.enter_phase = [this, run = order.run](const std::string& phase) {
      send({.run = run, .phase = phase});
    };
    context.group = order.group;
    context.wait_for = [&report](task_group children) { report.children = std::move(children); };
    return (*found)->run(order.arguments.text, context);
  }

  void send(const worker_report& report) {
    auto line = to_json(report);
    if (line.size() > worker_line_bytes_max) {
      line = to_json(worker_report{
          .run = report.run,
          .failure = error{errc::too_large, "answer from a worker process: over 16 MiB"}});
    }
    line += '\n';
    const std::lock_guard guard{out_mutex_};
    std::string_view rest{line};
    while (!rest.empty()) {
      const auto sent = ::write(channel_.out, rest.data(), rest.size());
      if (sent > 0) {
        rest.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EINTR) {
        return;  // nobody listens any more; the end of input tells the other thread
      }
    }
  }

  void end_run() {
    stop_.request_stop();
    {
      std::unique_lock lock{mutex_};
      if (!ended_.wait_for(lock, last_grace, [this] { return !running_; }))
        std::_Exit(EXIT_FAILURE);  // a tool ignores its stop request
    }
    if (thread_.joinable())
      thread_.join();
  }

  worker_channel channel_;
  const tool_registry& tools_;
  line_buffer orders_{worker_line_bytes_max};
  std::uint64_t number_ = 0;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool running_ = false;
  std::mutex out_mutex_;
  std::thread thread_;
};

error stream_error(const char* what) {
  return {errc::io_failed, std::string{"become a worker process: "} + what + ": " +
                               std::generic_category().message(errno)};
}

}  // namespace

expected<worker_channel> take_standard_streams() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Better a worker than the process whose tasks it runs. Not critical where it is forbidden.
  std::ofstream{"/proc/self/oom_score_adj"} << 500;
  const worker_channel channel{.in = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3),
                               .out = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
  if (channel.in < 0 || channel.out < 0)
    return stream_error("duplicate the standard streams");
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0)
    return stream_error("close standard input");
  ::close(nothing);
  if (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
    return stream_error("join standard output with standard error");
  std::fflush(stdout);
  std::setvbuf(stdout, nullptr, _IONBF, 0);  // or a crash would lose what was printed last
  return channel;
}

int serve_worker(worker_channel channel, const tool_registry& tools) {
  return worker_server{channel, tools}.serve();
}

}  // namespace libagent
