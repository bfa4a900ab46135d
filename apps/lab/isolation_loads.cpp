#include "apps/lab/isolation_loads.hpp"

#include "apps/lab/isolation_cpu.hpp"
#include "apps/lab/isolation_node.hpp"
#include "apps/lab/timer_loop.hpp"
#include "libagent/tools/make_async_tool.hpp"

#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace libagent::lab {

namespace {

using std::chrono::milliseconds;

struct load_asked {
  bool again = false;
};

template <class Inspector>
bool inspect(Inspector& f, load_asked& x) {
  return record(f, x, "load_asked", field("again", "Means nothing.", x.again).fallback(false));
}

struct load_answer {
  bool good = false;
};

template <class Inspector>
bool inspect(Inspector& f, load_answer& x) {
  return record(f, x, "load_answer", field("good", "The work was done.", x.good));
}

/// Counts as one long task done.
void count_done(long_work& shared, const bench_sizes& sizes) {
  shared.slices_done.fetch_add(sizes.work.slices);
}

/// A load by name, and what the node needs for it.
struct side_load {
  std::string name;
  node_setup setup;
  std::optional<double> ratio_max;  ///< Of loaded to idle p99.
};

/// How much of everything, in full and in quick.
struct load_sizes {
  milliseconds wait;
  milliseconds sleep;
  std::size_t waiting;
  std::size_t sleeping;
  std::size_t backlog;
  std::size_t memory_bytes;
};

load_sizes sizes_for(bool quick) {
  if (quick)
    return {milliseconds{50}, milliseconds{50}, 100, 100, 5'000, std::size_t{64} << 20U};
  return {milliseconds{700}, milliseconds{1'000}, 1'000, 1'000, 100'000, std::size_t{1} << 30U};
}

constexpr std::chrono::hours long_enough{24};

expected<side_load> io_load(const bench_sizes& sizes, const load_sizes& much) {
  side_load made{.name = std::to_string(much.waiting) + " asynchronous tasks waiting"};
  made.setup.load = {.tool = "wait", .requested = lane::batch, .tasks = much.waiting};
  const auto timers = std::make_shared<timer_loop>();
  const auto added = made.setup.tools->add(
      make_async_tool({.name = "wait",
                       .description = "Waits for a timer.",
                       .tool_lane = lane::batch,
                       .timeout = long_enough,
                       .bound = work_bound::io},
                      [timers, shared = made.setup.shared, sizes, wait = much.wait](
                          const load_asked&, const tool_context&, async_reply<load_answer> reply) {
                        timers->at(std::chrono::steady_clock::now() + wait,
                                   [shared, sizes, reply = std::move(reply)](time_point) {
                                     count_done(*shared, sizes);
                                     reply(load_answer{true});
                                   });
                      }));
  return added ? expected<side_load>{std::move(made)} : added.error();
}

expected<side_load> blocking_load(const bench_sizes& sizes, const load_sizes& much) {
  side_load made{.name = std::to_string(much.sleeping) + " blocking tools asleep or queued",
                 .ratio_max = 1.1};
  made.setup.load = {.tool = "sleep", .requested = lane::interactive, .tasks = much.sleeping};
  made.setup.options.blocking = 32;
  const auto added = made.setup.tools->add(
      {.name = "sleep",
       .description = "Sleeps in a blocking call.",
       .tool_isolation = isolation::thread,
       .timeout = long_enough},
      [shared = made.setup.shared, sizes, sleep = much.sleep](const load_asked&) {
        if (!shared->stopping.load())
          std::this_thread::sleep_for(sleep);  // What a blocking tool does.
        count_done(*shared, sizes);
        return load_answer{true};
      });
  return added ? expected<side_load>{std::move(made)} : added.error();
}

expected<side_load> backlog_load(const bench_sizes&, const load_sizes& much) {
  side_load made{.name = std::to_string(much.backlog) + " batch tasks queued"};
  made.setup.load.tasks = much.backlog;
  return made;
}

expected<side_load> memory_load(const bench_sizes& sizes, const load_sizes& much) {
  side_load made{.name = std::to_string(much.memory_bytes >> 20U) + " MiB touched again and again"};
  made.setup.load = {.tool = "fill", .requested = lane::batch, .tasks = 1};
  const auto added = made.setup.tools->add(
      {.name = "fill",
       .description = "Allocates memory and writes to all of it.",
       .tool_lane = lane::batch,
       .timeout = long_enough,
       .memory_bytes = much.memory_bytes},
      [shared = made.setup.shared, sizes, bytes = much.memory_bytes](const load_asked&) {
        constexpr std::size_t piece = std::size_t{16} << 20U;
        std::vector<std::unique_ptr<std::vector<char>>> kept;
        for (std::size_t have = 0; have < bytes && !shared->stopping.load(); have += piece)
          kept.push_back(std::make_unique<std::vector<char>>(piece, 'x'));
        count_done(*shared, sizes);
        return load_answer{!kept.empty()};
      });
  return added ? expected<side_load>{std::move(made)} : added.error();
}

using load_maker = expected<side_load> (*)(const bench_sizes&, const load_sizes&);

constexpr std::array<std::pair<const char*, load_maker>, 4> load_makers{
    {{"io", io_load},
     {"blocking", blocking_load},
     {"backlog", backlog_load},
     {"memory", memory_load}}};

}  // namespace

std::vector<std::string> measure_other_loads(report& into, const bench_sizes& sizes,
                                             const lab_options& options,
                                             const isolation_options& which) {
  std::vector<mode> modes;
  std::vector<std::string> problems;
  std::vector<std::optional<double>> ratios_max;
  for (const auto& [name, make] : load_makers) {
    if (which.load != "all" && which.load != name)
      continue;
    auto made = make(sizes, sizes_for(options.quick));
    if (made && !which.pool_policy.empty())
      made->setup.options.pool_policy = which.pool_policy;
    auto node = made ? node_contestant::start(sizes, made->setup) : made.error();
    if (!node) {
      problems.push_back(std::string{name} + ": " + to_string(node.error()));
      continue;
    }
    modes.push_back({.name = made->name, .who = *std::move(node)});
    ratios_max.push_back(made->ratio_max);
  }
  run_rounds(modes, plan_for(options, which));
  add_modes(into, "short tasks in libagent beside other loads, microseconds", modes);
  const auto p99 = [](const loop_result& one) { return one.latency_us.p99; };
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const auto& one = modes[i];
    problems.insert(problems.end(), one.problems.begin(), one.problems.end());
    if (ratios_max[i]) {
      into.add_aim("loaded p99 against idle beside " + one.name, aim_is::at_most, *ratios_max[i],
                   median_ratio(one.loaded, one.idle, p99), "x, median of rounds");
    }
  }
  return problems;
}

}  // namespace libagent::lab
