#include "apps/lab/isolation_founding.hpp"

#include "apps/lab/foreign_cpu.hpp"
#include "apps/lab/isolation_node.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::lab {

namespace {

using clock = std::chrono::steady_clock;

/// Twenty long tasks of 0.85 s and a short one of 0.05 s that comes after nine of them; all at a
/// tenth.
constexpr int long_tasks = 20;
constexpr int before_short = 9;
constexpr int long_ms = 85;
constexpr int short_ms = 5;
constexpr std::chrono::seconds founding_patience{30};

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>(clock::now() - begin).count();
}

bool compute_ms(const work_sizes& sizes, int ms) {
  bool done = true;
  for (int i = 0; i < ms; ++i)
    done = spin(sizes.slice_rounds) != 0 && done;
  return done;
}

/// One thread, one task after the other. Returns when the short one was answered.
double run_in_order(const work_sizes& sizes) {
  const auto begin = clock::now();
  for (int i = 0; i < before_short; ++i)
    (void)compute_ms(sizes, long_ms);
  (void)compute_ms(sizes, short_ms);
  return seconds_since(begin);
}

/// One thread with an event loop: a task runs until it gives way. The short one awaits something
/// once before its work, which puts the rest of it behind everything that is ready by then.
double run_cooperatively(const work_sizes& sizes) {
  std::deque<std::function<void()>> ready;
  const auto begin = clock::now();
  double answered = 0;
  const auto add_long = [&] { ready.emplace_back([&] { (void)compute_ms(sizes, long_ms); }); };
  for (int i = 0; i < before_short; ++i)
    add_long();
  ready.emplace_back([&] {
    ready.emplace_back([&] {
      (void)compute_ms(sizes, short_ms);
      answered = seconds_since(begin);
    });
  });
  for (int i = before_short; i < long_tasks; ++i)
    add_long();
  while (!ready.empty()) {
    const auto step = std::move(ready.front());
    ready.pop_front();
    step();
  }
  return answered;
}

/// A node with the same tasks in the same order.
expected<double> run_in_node(const bench_sizes& sizes) {
  auto ours = sizes;
  ours.work.short_rounds = sizes.work.slice_rounds * short_ms;
  ours.work.slices = long_ms;
  const auto started = node_contestant::start(ours);
  if (!started)
    return started.error();
  auto& node = **started;
  const auto board = std::make_shared<answer_board>(std::vector<std::chrono::nanoseconds>(1));
  // The long ones answer a board that nobody reads.
  const auto others = std::make_shared<answer_board>(
      std::vector<std::chrono::nanoseconds>(static_cast<std::size_t>(long_tasks)));
  board->start();
  others->start();
  for (std::size_t i = 0; i < others->size(); ++i) {
    if (i == before_short)
      node.submit_short(make_board_observer(board, 0));
    node.submit_long(make_board_observer(others, i));
  }
  const bool answered = board->wait_for_all(founding_patience);
  node.shared().stopping.store(true);
  (void)others->wait_for_all(founding_patience);
  if (!answered)
    return error{errc::deadline_exceeded, "wait for the short task in the node"};
  return board->latencies_us().front() / 1e6;
}

}  // namespace

void measure_founding(report& into, const bench_sizes& sizes) {
  announce("the founding experiment, at a tenth");
  const auto add = [&into](const char* how, double closed_form_s,
                           const std::function<expected<double>()>& run) {
    const foreign_cpu_meter foreign;
    const auto measured_s = run();
    if (!measured_s) {
      return into.add_note("The founding experiment, " + std::string{how} + ": " +
                           to_string(measured_s.error()));
    }
    into.add_row("the founding experiment at 1/10 scale: when the short task was answered",
                 {{"how", how},
                  {"closed form s", closed_form_s},
                  {"measured s", *measured_s},
                  {"others' CPU %", foreign.percent()}});
  };
  constexpr double long_s = long_ms / 1e3;
  constexpr double short_s = short_ms / 1e3;
  add("one thread, in order", before_short * long_s + short_s,
      [&] { return run_in_order(sizes.work); });
  add("event loop, long tasks never yield", long_tasks * long_s + short_s,
      [&] { return run_cooperatively(sizes.work); });
  add("libagent", short_s, [&] { return run_in_node(sizes); });
}

}  // namespace libagent::lab
