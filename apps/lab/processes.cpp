#include "apps/lab/processes.hpp"

#include "apps/lab/processes_cancel.hpp"
#include "apps/lab/processes_tools.hpp"
#include "libagent/adapters/external_tool.hpp"
#include "libagent/adapters/worker_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

using lab_clock = std::chrono::steady_clock;
using call = std::function<expected<std::string>(const tool_context&)>;

constexpr const char* calls_table = "One call of a tool that returns its arguments";
constexpr const char* stops_table = "From the request to stop until the run has ended";
const std::string small_arguments = R"({"text":"a hundred bytes or so of arguments, as many tools )"
                                    R"(have, no more and no less than that"})";

tool_context patient_context() {
  return {.id = {}, .deadline = lab_clock::now() + std::chrono::minutes{1}, .stop = {}};
}

worker_process_options lab_worker(const sandbox_options& sandbox, const process_limits& limits) {
  worker_process_options options{.program = {"/proc/self/exe", "tool-worker"}};
  options.sandbox = sandbox;
  options.limits = limits;
  options.on_error_line = [](const std::string&) {};
  return options;
}

class processes_experiment {
public:
  processes_experiment(const lab_options& options, const processes_options& processes)
      : options_{options}, calls_{processes.calls} {
    result_.set_config("quick", options.quick);
  }

  int run();

private:
  [[nodiscard]] std::size_t times(std::size_t usual, std::size_t quick) const;
  /// Measures calls one after another, in microseconds. Stops at the first that fails.
  std::optional<quantiles> measure(const std::string& kind, std::size_t count, const call& once);
  [[nodiscard]] bool measure_calls();
  [[nodiscard]] bool measure_cold();
  [[nodiscard]] bool measure_external();
  [[nodiscard]] bool measure_stops();
  [[nodiscard]] bool measure_cancelled_tasks();
  double add_stop_row(const std::string& kind, const std::vector<double>& took_ms);
  /// Begins a run, asks it to stop once it is under way, and takes the time until it returned. The
  /// process is gone and reaped by then.
  expected<double> stop_once(const call& once);
  bool measure_stop(const std::string& kind, bool is_hung, const call& once);
  bool fail(const error& why);
  [[nodiscard]] std::shared_ptr<tool> make_external(const std::string& script);

  const lab_options& options_;
  const std::size_t calls_;
  report result_{"processes"};
  double in_process_us_ = 0;
  double worst_stop_ms_ = 0;
  std::shared_ptr<worker_processes> workers_;
  std::shared_ptr<external_tool_host> host_;
};

std::size_t processes_experiment::times(std::size_t usual, std::size_t quick) const {
  if (calls_ != 0)
    return calls_;
  return options_.quick ? quick : usual;
}

bool processes_experiment::fail(const error& why) {
  std::cerr << "agent-lab: " << to_string(why) << '\n';
  return false;
}

std::optional<quantiles> processes_experiment::measure(const std::string& kind, std::size_t count,
                                                       const call& once) {
  announce(kind);
  std::vector<double> took;
  took.reserve(count);
  for (std::size_t turn = 0; turn < count; ++turn) {
    const auto begin = lab_clock::now();
    const auto outcome = once(patient_context());
    const std::chrono::duration<double, std::micro> passed = lab_clock::now() - begin;
    if (!outcome) {
      fail(outcome.error());
      return std::nullopt;
    }
    took.push_back(passed.count());
  }
  const auto at = quantiles_of(took);
  if (in_process_us_ == 0)
    in_process_us_ = at.p50;
  result_.add_row(calls_table,
                  {{"where", kind},
                   {"calls", count},
                   {"p50 us", fmt::format("{:.1f}", at.p50)},
                   {"p99 us", fmt::format("{:.1f}", at.p99)},
                   {"max us", fmt::format("{:.1f}", at.max)},
                   {"p50 against in-process", fmt::format("{:.0f}x", at.p50 / in_process_us_)}});
  return at;
}

bool processes_experiment::measure_calls() {
  const auto tools = processes_tools();
  const auto echo = tools.find("echo");
  const auto count = times(20'000, 2'000);
  if (!measure("in this process", count,
               [&](const tool_context& context) { return echo->run(small_arguments, context); }))
    return false;
  auto free_workers = worker_processes::open(lab_worker(
      {.own_folder = false, .restrict_files = false, .restrict_calls = false}, {.processes = 0}));
  if (!free_workers)
    return fail(free_workers.error());
  const auto call_in = [](worker_processes& workers) {
    return [&workers](const tool_context& context) {
      return workers.run("echo", small_arguments, context);
    };
  };
  (void)call_in (**free_workers)(patient_context());
  (void)call_in (*workers_)(patient_context());
  const auto bare = measure("warm child, unconfined", count, call_in(**free_workers));
  const auto confined = measure("warm child, confined", count, call_in(*workers_));
  if (bare && confined) {
    result_.add_note(fmt::format("Limits and sandbox add {:.1f} us to a call in a warm child.",
                                 confined->p50 - bare->p50));
  }
  return bare && confined;
}

bool processes_experiment::measure_cold() {
  return measure("cold child: started for the call", times(300, 30),
                 [](const tool_context& context) -> expected<std::string> {
                   auto fresh = worker_processes::open(lab_worker({}, {}));
                   if (!fresh)
                     return fresh.error();
                   return (*fresh)->run("echo", small_arguments, context);
                 })
      .has_value();
}

std::shared_ptr<tool> processes_experiment::make_external(const std::string& script) {
  auto made = make_external_tool({.spec = {.name = "script", .description = "For the experiment."},
                                  .command = {"/bin/sh", "-c", script}},
                                 host_);
  if (!made)
    fail(made.error());
  return made ? *made : nullptr;
}

bool processes_experiment::measure_external() {
  const auto cat = make_external("exec cat");
  return cat && measure("external tool: cat by a shell", times(500, 50),
                        [&cat](const tool_context& context) {
                          return cat->run(small_arguments, context);
                        });
}

expected<double> processes_experiment::stop_once(const call& once) {
  std::stop_source stop;
  std::promise<void> under_way;
  bool is_told = false;
  auto context = patient_context();
  context.stop = stop.get_token();
  context.progress = [&](double, const std::string&) {
    if (!std::exchange(is_told, true))
      under_way.set_value();
  };
  auto begun = under_way.get_future();
  auto run = std::async(std::launch::async, [&] { return once(context); });
  if (begun.wait_for(std::chrono::seconds{30}) != std::future_status::ready) {
    stop.request_stop();
    const auto outcome = run.get();
    return outcome ? error{errc::internal, "a run to be stopped ended by itself"} : outcome.error();
  }
  const auto asked = lab_clock::now();
  stop.request_stop();
  const auto outcome = run.get();
  const std::chrono::duration<double, std::milli> took = lab_clock::now() - asked;
  if (outcome || outcome.error().code != errc::cancelled)
    return outcome ? error{errc::internal, "a stopped run succeeded"} : outcome.error();
  return took.count();
}

bool processes_experiment::measure_stop(const std::string& kind, bool is_hung, const call& once) {
  announce(kind);
  std::vector<double> took;
  for (std::size_t turn = 0; turn < times(100, 10); ++turn) {
    const auto passed = stop_once(once);
    if (!passed)
      return fail(passed.error());
    took.push_back(*passed);
  }
  const auto longest = add_stop_row(kind, took);
  if (is_hung)
    worst_stop_ms_ = std::max(worst_stop_ms_, longest);
  return true;
}

double processes_experiment::add_stop_row(const std::string& kind,
                                          const std::vector<double>& took_ms) {
  const auto at = quantiles_of(took_ms);
  result_.add_row(stops_table, {{"what", kind},
                                {"times", took_ms.size()},
                                {"p50 ms", fmt::format("{:.2f}", at.p50)},
                                {"p99 ms", fmt::format("{:.2f}", at.p99)},
                                {"max ms", fmt::format("{:.2f}", at.max)}});
  return at.max;
}

bool processes_experiment::measure_cancelled_tasks() {
  announce("cancelled tasks");
  std::string folder = (std::filesystem::temp_directory_path() / "agent-lab-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr)
    return fail({errc::io_failed, "make a folder for temporary files"});
  const auto seen = measure_cancels(folder, times(1'000, 50));
  std::filesystem::remove_all(folder);
  if (!seen)
    return fail(seen.error());
  const auto queued = add_stop_row("task that waits in a queue", seen->queued_ms);
  const auto kept = add_stop_row("the same, kept by a journal", seen->queued_kept_ms);
  const auto socket = add_stop_row("task that waits for another program", seen->socket_ms);
  result_.add_aim("a queued task is known to be cancelled, longest", aim_is::at_most, 5,
                  std::max(queued, kept), "ms");
  result_.add_aim("the connection of a cancelled task is closed, longest", aim_is::at_most, 10,
                  socket, "ms");
  return true;
}

bool processes_experiment::measure_stops() {
  const auto worker_call = [this](const char* name) {
    return [this, name](const tool_context& context) { return workers_->run(name, "{}", context); };
  };
  const auto hanging = make_external("echo 'progress: 0' >&2; exec tail -f /dev/null");
  const auto deaf =
      make_external("trap '' TERM; echo 'progress: 0' >&2; tail -f /dev/null; tail -f /dev/null");
  const auto daemons = make_external(
      "trap '' TERM; for i in 1 2 3 4; do setsid -f tail -f /dev/null >/dev/null 2>&1; done; "
      "echo 'progress: 0' >&2; tail -f /dev/null");
  if (!hanging || !deaf || !daemons)
    return false;
  const auto external_call = [](const std::shared_ptr<tool>& made) {
    return [made](const tool_context& context) { return made->run("{}", context); };
  };
  return measure_stop("child that heeds the stop (and stays)", false, worker_call("obey")) &&
         measure_stop("child that hangs", true, worker_call("hang")) &&
         measure_stop("child that hangs and ignores SIGTERM", true, worker_call("hang_deafly")) &&
         measure_stop("external tool that hangs", true, external_call(hanging)) &&
         measure_stop("external tool that ignores SIGTERM", true, external_call(deaf)) &&
         measure_stop("external tool with four daemons outside of its session", true,
                      external_call(daemons));
}

int processes_experiment::run() {
  auto opened = worker_processes::open(lab_worker({}, {}));
  if (!opened)
    return fail(opened.error()) ? 0 : 1;
  workers_ = *std::move(opened);
  auto host = external_tool_host::open({.environment = {"PATH=/usr/bin:/bin"}});
  if (!host)
    return fail(host.error()) ? 0 : 1;
  host_ = *std::move(host);
  result_.add_note("In force here: " + to_string(workers_->sandbox()) + ".");
  if (!measure_calls() || !measure_cold() || !measure_external() || !measure_stops() ||
      !measure_cancelled_tasks())
    return 1;
  result_.add_note(
      "A stopped run has ended when its process, and all that stems from it, is gone and reaped; "
      "the request comes from another thread.");
  result_.add_aim("a process that hangs is gone after the request to stop, longest",
                  aim_is::at_most, 250, worst_stop_ms_, "ms");
  return result_.finish(options_);
}

}  // namespace

int run_processes(const lab_options& options, const processes_options& processes) {
  return processes_experiment{options, processes}.run();
}

}  // namespace libagent::lab
