#include "apps/lab/io.hpp"

#include "apps/lab/io_batch.hpp"
#include "apps/lab/io_loops.hpp"
#include "apps/lab/io_node.hpp"
#include "apps/lab/io_server_process.hpp"
#include "libagent/adapters/asio_net.hpp"
#include "libagent/adapters/open_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

namespace libagent::lab {

namespace {

constexpr const char* async_table = "libagent, an asynchronous tool through the node";
constexpr const char* net_table = "async_net by itself, without a node";
constexpr const char* floor_table = "floor: a bare epoll loop";
constexpr const char* pool_table = "sync: a blocking tool through the node, 4 threads";
constexpr const char* threads_table = "sync: a thread for each task, without a node";

// What a process needs beside the sockets of its batch.
constexpr std::size_t other_files = 200;

double io_mean_of(const std::vector<double>& sample) {
  const auto count = static_cast<double>(std::max<std::size_t>(1, sample.size()));
  return std::accumulate(sample.begin(), sample.end(), 0.0) / count;
}

double megabytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / 1e6;
}

std::uint64_t grown_by(const io_outcome& seen) {
  return seen.memory_peak - std::min(seen.memory_peak, seen.memory_before);
}

class io_experiment {
public:
  io_experiment(const lab_options& options, std::chrono::milliseconds wait)
      : options_{options}, wait_{wait} {
    result_.set_config("quick", options.quick);
    result_.set_config("wait_ms", wait.count());
  }

  int run();

private:
  [[nodiscard]] std::vector<std::size_t> sizes(std::size_t largest) const;
  [[nodiscard]] int rounds(std::size_t tasks) const;
  /// Runs one row and adds it to a table.
  io_outcome measure(const char* table, const io_runner& run, std::size_t tasks, int times);
  void add_row(const char* table, const io_outcome& seen);
  void measure_async(io_node& node);
  void measure_pool(io_node& node);
  void measure_others(std::uint16_t port);
  void add_notes(const wait_server_process& server);

  const lab_options& options_;
  const std::chrono::milliseconds wait_;
  report result_{"io"};
  std::size_t files_ = 0;
  std::size_t wrong_ = 0;
};

std::vector<std::size_t> io_experiment::sizes(std::size_t largest) const {
  const std::vector<std::size_t> all = options_.quick
                                           ? std::vector<std::size_t>{1, 10, 100, 1'000}
                                           : std::vector<std::size_t>{1, 5, 10, 100, 1'000, 10'000};
  std::vector<std::size_t> fitting;
  std::ranges::copy_if(all, std::back_inserter(fitting), [&](std::size_t size) {
    return size <= largest && size + other_files <= files_;
  });
  return fitting;
}

int io_experiment::rounds(std::size_t tasks) const {
  if (options_.quick)
    return tasks <= 10 ? 3 : 1;
  return tasks <= 10 ? 7 : 3;
}

io_outcome io_experiment::measure(const char* table, const io_runner& run, std::size_t tasks,
                                  int times) {
  announce(fmt::format("{}: {} at once", table, tasks));
  auto seen = run_batches(run, tasks, times);
  if (seen.wrong > 0) {
    wrong_ += seen.wrong;
    result_.add_note(fmt::format("WRONG: {}, {} at once: {} tasks, for example {}", table, tasks,
                                 seen.wrong, seen.first_problem));
  }
  add_row(table, seen);
  return seen;
}

void io_experiment::add_row(const char* table, const io_outcome& seen) {
  const auto at = quantiles_of(seen.latencies_ms);
  const auto wall = quantiles_of(seen.walls_ms);
  const auto ran = static_cast<double>(std::max<std::size_t>(1, seen.latencies_ms.size()));
  report::row row{{"tasks", seen.tasks},
                  {"batches", seen.is_computed ? "computed" : std::to_string(seen.walls_ms.size())},
                  {"average ms", fmt::format("{:.1f}", io_mean_of(seen.latencies_ms))},
                  {"p50 ms", fmt::format("{:.1f}", at.p50)},
                  {"p99 ms", fmt::format("{:.1f}", at.p99)},
                  {"max ms", fmt::format("{:.1f}", at.max)},
                  {"wall ms", fmt::format("{:.1f}", wall.p50)},
                  {"longest wall ms", fmt::format("{:.1f}", wall.max)}};
  if (seen.is_computed) {
    row.update({{"CPU ms/task", "-"}, {"RSS MB", "-"}, {"RSS grown MB", "-"}});
  } else {
    row.update({{"CPU ms/task", seen.cpu_ms / ran},
                {"RSS MB", megabytes(seen.memory_peak)},
                {"RSS grown MB", megabytes(grown_by(seen))}});
  }
  result_.add_row(table, std::move(row));
}

void io_experiment::measure_async(io_node& node) {
  const auto run = node.runner("wait_line");
  (void)run_batches(run, 1, 1);  // The first task of a process pays for what is made lazily.
  double alone_ms = 0;
  for (const auto tasks : sizes(10'000)) {
    const auto seen = measure(async_table, run, tasks, rounds(tasks));
    const auto average_ms = io_mean_of(seen.latencies_ms);
    if (tasks == 1)
      alone_ms = average_ms;
    if (tasks == 10) {
      result_.add_aim("average at 10 tasks against that at 1", aim_is::at_most, 1.02,
                      average_ms / alone_ms, "x");
    }
    if (tasks == 10'000) {
      result_.add_aim("10,000 tasks, wall time of the median batch", aim_is::at_most, 1.2,
                      quantiles_of(seen.walls_ms).p50 / 1e3, "s");
      result_.add_aim("10,000 tasks, resident memory of this process", aim_is::at_most, 200,
                      megabytes(seen.memory_peak), "MB");
    }
  }
}

void io_experiment::measure_pool(io_node& node) {
  const auto run = node.runner("wait_line_blocking");
  for (const auto tasks : sizes(100))
    (void)measure(pool_table, run, tasks, tasks < 100 ? 3 : 1);
  for (const std::size_t tasks : {std::size_t{1'000}, std::size_t{10'000}})
    add_row(pool_table, computed_for_pool(tasks, io_blocking_threads, wait_));
}

void io_experiment::measure_others(std::uint16_t port) {
  const auto by_epoll = epoll_runner(port);
  for (const auto tasks : sizes(10'000))
    (void)measure(floor_table, by_epoll, tasks, rounds(tasks));
  const auto by_net = net_runner(make_async_net(), port);
  io_outcome largest;
  for (const auto tasks : sizes(10'000))
    largest = measure(net_table, by_net, tasks, rounds(tasks));
  result_.add_note(fmt::format(
      "async_net takes {:.0f} bytes for each of {} waiting exchanges, with its share "
      "of the experiment's own record.",
      static_cast<double>(grown_by(largest)) / static_cast<double>(largest.tasks), largest.tasks));
  const auto by_threads = thread_runner(port);
  for (const auto tasks : sizes(1'000))
    (void)measure(threads_table, by_threads, tasks, tasks < 100 ? 3 : 1);
}

void io_experiment::add_notes(const wait_server_process& server) {
  result_.add_note(
      "Every task's time counts from the begin of its batch. All sockets are real: each task "
      "connects anew, and connecting is part of the time.");
  result_.add_note(fmt::format("The server, a process of its own, had up to {:.1f} MB.",
                               megabytes(server.peak_resident_bytes())));
  if (!options_.quick && files_ < 10'000 + other_files) {
    result_.add_note(fmt::format(
        "10,000 at once were left out: this process may open {} files only (ulimit -Hn).", files_));
  }
}

int io_experiment::run() {
  files_ = raise_open_file_limit().value_or(0);
  const auto server = wait_server_process::start(wait_);
  if (!server) {
    std::cerr << "agent-lab: " << to_string(server.error()) << '\n';
    return 1;
  }
  {
    auto node = io_node::start(server->port());
    if (!node) {
      std::cerr << "agent-lab: " << to_string(node.error()) << '\n';
      return 1;
    }
    measure_async(*node);
    measure_pool(*node);
  }
  measure_others(server->port());
  add_notes(*server);
  const int code = result_.finish(options_);
  return wrong_ > 0 ? 1 : code;
}

}  // namespace

int run_io(const lab_options& options, const io_options& io) {
  const std::chrono::milliseconds usual{options.quick ? 100 : 700};
  return io_experiment{options, io.wait.count() > 0 ? io.wait : usual}.run();
}

}  // namespace libagent::lab
