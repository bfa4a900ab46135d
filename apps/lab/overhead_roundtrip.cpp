#include "apps/lab/overhead_roundtrip.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/short_task_handler.hpp"
#include "actors/task_dispatcher.hpp"
#include "apps/lab/driving.hpp"
#include "apps/lab/overhead_process.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tools/make_tool.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <malloc.h>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace libagent::lab {

struct ping {
  std::int64_t number = 0;
};

template <class Inspector>
bool inspect(Inspector& f, ping& x) {
  return record(f, x, "ping", field("number", "Comes back.", x.number));
}

namespace {

using steady = std::chrono::steady_clock;

std::shared_ptr<tool> trivial_tool(lane where) {
  return make_tool({.name = "ping", .description = "Answers what it is given.", .tool_lane = where},
                   [](const ping& asked) { return asked; });
}

task_request ping_request() {
  return {.target = "ping", .arguments = {R"({"number":1})"}};
}

/// `ask` for a request with these arguments, at high priority as interactive tasks travel.
template <class Handle, class... Args>
ask_once asking(const Handle& who, const Args&... args) {
  return [who, args...](caf::event_based_actor* self, const std::function<void()>& answered) {
    auto fail = [](const caf::error& why) {
      throw std::runtime_error{"the lab's request failed: " + to_string(why)};
    };
    self->request<caf::message_priority::high>(who, caf::infinite, args...)
        .then([answered](const task_record&) { answered(); }, fail);
  };
}

caf::behavior echo(caf::event_based_actor* self) {
  actors::set_quiet_handlers(self);
  return {[](actors::run_atom, const task_request&) { return task_record{}; }};
}

/// Passes a request on and its answer back: a dispatcher that does nothing.
caf::behavior relay(caf::event_based_actor* self, const caf::actor& to) {
  actors::set_quiet_handlers(self);
  return {[self, to](actors::run_atom, const task_request& asked) {
    auto answer = self->make_response_promise<task_record>();
    self->request<caf::message_priority::high>(to, caf::infinite, actors::run_atom_v, asked)
        .then([answer](const task_record& record) mutable { answer.deliver(record); },
              [answer](const caf::error& why) mutable { answer.deliver(why); });
    return answer;
  }};
}

/// A dispatcher with handlers in a system of its own.
class task_bench {
public:
  explicit task_bench(const roundtrip_options& options, lane where = lane::interactive)
      : config_{{.policy = options.policy, .max_throughput = options.max_throughput}} {
    system_ = std::make_unique<caf::actor_system>(config_);
    dispatcher_ = actors::spawn_placed<actors::task_dispatcher_impl>(
        *system_, actors::placement::own_thread,
        actors::dispatcher_options{.tools = {trivial_tool(where)}});
    actors::publish(*system_, actors::dispatcher_path,
                    caf::actor_cast<caf::strong_actor_ptr>(dispatcher_));
  }

  task_bench(const task_bench&) = delete;
  task_bench& operator=(const task_bench&) = delete;

  ~task_bench() {
    actors::retract(*system_, actors::dispatcher_path);
    for (const auto& each : spawned_)
      actors::urgent_exit(each, caf::exit_reason::kill);
    actors::urgent_exit(dispatcher_, caf::exit_reason::kill);
    spawned_.clear();
    dispatcher_ = nullptr;
  }

  void add_handlers(actors::executor_kind kind, std::uint32_t credit) {
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
      spawned_.push_back(
          caf::actor_cast<caf::actor>(system_->spawn<actors::short_task_handler_impl>(
              actors::executor_options{.kind = kind, .credit = credit})));
    }
  }

  template <class... Args>
  caf::actor spawn(actors::placement where, caf::behavior (*what)(caf::event_based_actor*, Args...),
                   std::decay_t<Args>... args) {
    spawned_.push_back(where == actors::placement::own_thread
                           ? system_->spawn<caf::detached>(what, args...)
                           : system_->spawn(what, args...));
    return spawned_.back();
  }

  [[nodiscard]] caf::actor_system& system() { return *system_; }

  [[nodiscard]] const actors::dispatcher_actor& dispatcher() const { return dispatcher_; }

  [[nodiscard]] dispatcher_status status() {
    caf::scoped_actor self{*system_};
    dispatcher_status seen;
    self->request(dispatcher_, caf::infinite, actors::status_atom_v)
        .receive([&seen](const dispatcher_status& answer) { seen = answer; },
                 [](const caf::error&) {});
    return seen;
  }

private:
  actors::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  actors::dispatcher_actor dispatcher_;
  std::vector<caf::actor> spawned_;
};

double throughput(caf::actor_system& system, const ask_once& ask, std::size_t count,
                  std::size_t window) {
  const auto start = steady::now();
  (void)drive(system, ask, count, window);
  return static_cast<double>(count) / std::chrono::duration<double>(steady::now() - start).count();
}

void append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void wait_until(const std::function<bool()>& reached) {
  while (!reached())
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
}

void add_latency(report& into, const char* what, const quantiles& us, double per_s) {
  into.add_row("round trips", {{"round trip", what},
                               {"p50 us", us.p50},
                               {"p99 us", us.p99},
                               {"p99.9 us", us.p999},
                               {"64 under way, per s", per_s}});
}

void measure_schedulers(report& into, roundtrip_options options) {
  const std::vector<std::pair<std::string, std::size_t>> settings = {
      {"polling", 30}, {"polling", 50}, {"polling", 100}, {"sharing", 50}, {"stealing", 50},
  };
  for (const auto& [policy, max_throughput] : settings) {
    announce("round trips, scheduler " + policy + " with throughput " +
             std::to_string(max_throughput));
    options.policy = policy;
    options.max_throughput = max_throughput;
    const auto seen = measure_roundtrip(options);
    into.add_row("schedulers", {{"policy", policy},
                                {"max throughput", max_throughput},
                                {"bare p50 us", seen.bare_pooled_us.p50},
                                {"task p50 us", seen.task_us.p50},
                                {"task p99 us", seen.task_us.p99},
                                {"task per s", seen.task_per_s},
                                {"ratio", seen.ratio()}});
  }
}

}  // namespace

roundtrip_result measure_roundtrip(const roundtrip_options& options) {
  constexpr std::size_t rounds = 10;
  using actors::placement;
  task_bench bench{options};
  bench.add_handlers(actors::executor_kind::handler, options.handler_credit);
  const auto pooled = bench.spawn(placement::pooled, echo);
  const auto detached = bench.spawn(placement::own_thread, echo);
  const auto relaying = bench.spawn(placement::own_thread, relay, pooled);
  const auto ask_pooled = asking(pooled, actors::run_atom_v, ping_request());
  const auto ask_detached = asking(detached, actors::run_atom_v, ping_request());
  const auto ask_relay = asking(relaying, actors::run_atom_v, ping_request());
  const auto ask_task = asking(bench.dispatcher(), actors::run_atom_v, ping_request());
  for (const auto* ask : {&ask_pooled, &ask_detached, &ask_relay, &ask_task})
    (void)drive(bench.system(), *ask, options.warm_up, 1);
  std::vector<double> pooled_us;
  std::vector<double> detached_us;
  std::vector<double> relay_us;
  std::vector<double> task_us;
  roundtrip_result result;
  const auto count = std::max<std::size_t>(1, options.samples / rounds);
  for (std::size_t round = 0; round < rounds; ++round) {
    append(pooled_us, drive(bench.system(), ask_pooled, count, 1));
    append(detached_us, drive(bench.system(), ask_detached, count, 1));
    append(relay_us, drive(bench.system(), ask_relay, count, 1));
    append(task_us, drive(bench.system(), ask_task, count, 1));
    result.bare_per_s += throughput(bench.system(), ask_pooled, count, options.window) / rounds;
    result.relay_per_s += throughput(bench.system(), ask_relay, count, options.window) / rounds;
    result.task_per_s += throughput(bench.system(), ask_task, count, options.window) / rounds;
  }
  result.bare_pooled_us = quantiles_of(std::move(pooled_us));
  result.bare_detached_us = quantiles_of(std::move(detached_us));
  result.relay_us = quantiles_of(std::move(relay_us));
  result.task_us = quantiles_of(std::move(task_us));
  return result;
}

task_memory_result measure_task_memory(std::size_t tasks) {
  malloc_trim(0);
  task_memory_result result{.tasks = tasks};
  task_bench bench{{}, lane::batch};
  (void)bench.status();
  result.idle_bytes = resident_bytes(0);
  for (std::size_t i = 0; i < tasks; ++i)
    caf::anon_send(bench.dispatcher(), actors::submit_atom_v, ping_request());
  wait_until([&] { return bench.status().batch.queued == tasks; });
  malloc_trim(0);  // Mail in transit is no property of a waiting task.
  result.queued_bytes = resident_bytes(0);
  bench.add_handlers(actors::executor_kind::worker, 1);
  wait_until([&] { return bench.status().succeeded == tasks; });
  malloc_trim(0);
  result.ended_bytes = resident_bytes(0);
  return result;
}

void measure_tasks(report& into, const lab_options& options) {
  roundtrip_options sizes;
  if (options.quick) {
    sizes.warm_up = 200;
    sizes.samples = 2'000;
  }
  announce("memory of tracked tasks");
  const auto memory = measure_task_memory(options.quick ? 20'000 : 100'000);
  const auto per_task = [&memory](std::uint64_t bytes) {
    return static_cast<double>(bytes - std::min(bytes, memory.idle_bytes)) /
           static_cast<double>(memory.tasks);
  };
  into.add_row("memory of tasks", {{"tasks", memory.tasks},
                                   {"waiting, bytes each", per_task(memory.queued_bytes)},
                                   {"ended, bytes each", per_task(memory.ended_bytes)}});
  into.add_aim("resident memory of a waiting task", aim_is::at_most, 1'024,
               per_task(memory.queued_bytes), "bytes");
  announce("round trips");
  const auto seen = measure_roundtrip(sizes);
  add_latency(into, "bare request, pooled actor", seen.bare_pooled_us, seen.bare_per_s);
  add_latency(into, "bare request, detached actor", seen.bare_detached_us, 0);
  add_latency(into, "bare relay, the task's hops", seen.relay_us, seen.relay_per_s);
  add_latency(into, "task through the dispatcher", seen.task_us, seen.task_per_s);
  into.add_aim("task round trip against a bare request", aim_is::at_most, 3, seen.ratio(), "x");
  into.add_note(
      "A task crosses threads four times (asker, dispatcher, handler, dispatcher, "
      "asker), a bare request between pooled actors twice and often without a thread "
      "switch. Against the same four hops without work a task costs " +
      std::to_string(seen.ratio_to_hops()) + " times as much.");
  measure_schedulers(into, sizes);
}

}  // namespace libagent::lab
