// The half of the dispatcher's core that makes room while memory is short, and tells of itself.

#include "libagent/tasks/dispatch_core.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace libagent {

namespace {

constexpr std::size_t slowest_shown = 20;

std::chrono::microseconds in_us(duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time);
}

lane_status status_of_lane(const lane_counters& counters) {
  lane_status status{.queued = counters.queued,
                     .running = counters.running,
                     .accepted = counters.accepted,
                     .parked = counters.parked};
  for (const auto count : counters.refused)
    status.refused += count;
  return status;
}

void add_refusals(std::vector<refusal_count>& to, lane of, const lane_counters& counters) {
  for (std::size_t i = 0; i < refusal_reasons; ++i) {
    to.push_back({.lane = std::string{name_of(of)},
                  .reason = std::string{name_of(static_cast<refusal_reason>(i))},
                  .count = counters.refused.at(i)});
  }
}

/// The slowest tools, and every tool that held a handler too long.
std::vector<tool_time> list_tools(const service_times& times, const stall_book& stalls) {
  std::vector<tool_time> tools;
  for (const auto& slow : times.slowest(slowest_shown)) {
    tools.push_back({.tool = slow.name,
                     .runs = slow.count,
                     .mean = in_us(slow.mean),
                     .p90 = in_us(slow.p90),
                     .longest = in_us(slow.max)});
  }
  for (const auto& stalled : stalls.list()) {
    auto at = std::ranges::find(tools, stalled.tool, &tool_time::tool);
    if (at == tools.end())
      at = tools.insert(tools.end(), {.tool = stalled.tool});
    at->stalls = stalled.count;
    at->stalled = in_us(stalled.total);
    at->moved = stalled.moved;
  }
  return tools;
}

}  // namespace

void dispatch_core::set_pressure(pressure_level level, const instant& now) {
  pressure_ = level;
  for (auto& route : routes_) {
    if (route.climb)
      route.climb->set_frozen(level >= pressure_level::elevated);
  }
  relieve(now);
  pump_all(now);
}

bool dispatch_core::needs_relief() const {
  return preempts(pressure_) || table_.counters(lane::interactive).parked > 0 ||
         table_.counters(lane::batch).parked > 0;
}

void dispatch_core::relieve(const instant& now) {
  switch (pace_.due(pressure_, now.steady)) {
    case ladder_step::preempt: set_back_youngest(now); break;
    case ladder_step::cancel: end_largest(now); break;
    case ladder_step::none: break;
  }
  if (journal_works() && table_.unpark_all())
    pump_all(now);
}

task_entry* dispatch_core::running_batch(
    const std::function<bool(const task_entry&)>& is_meant,
    const std::function<bool(const task_entry&, const task_entry&)>& is_better) const {
  task_entry* best = nullptr;
  for (auto* entry = table_.running().front(); entry != nullptr; entry = entry->next) {
    const bool is_candidate = entry->record.task_lane == lane::batch && !entry->is_preempted;
    if (is_candidate && is_meant(*entry) && (best == nullptr || is_better(*entry, *best)))
      best = entry;
  }
  return best;
}

/// As many as the permits allow go on. What must not run twice is left alone.
void dispatch_core::set_back_youngest(const instant& now) {
  const auto may_go_back = [this](const task_entry& entry) {
    const auto& route = routes_[entry.route];
    return entry.task_effects != effects::once && route.running > permits(route);
  };
  auto* entry = running_batch(
      may_go_back, [](const task_entry& a, const task_entry& b) { return a.since > b.since; });
  if (entry == nullptr)
    return;
  auto* held = pool_.find(entry->record.id);
  if (held == nullptr)
    return;
  entry->is_preempted = true;
  held->stop.request_stop();
  listener_.on_stop(*held, entry->record);
  pace_.taken(ladder_step::preempt, now.steady);
}

void dispatch_core::end_largest(const instant& now) {
  const auto any = [](const task_entry&) { return true; };
  auto* entry = running_batch(any, [](const task_entry& a, const task_entry& b) {
    return a.memory_bytes != b.memory_bytes ? a.memory_bytes > b.memory_bytes : a.since > b.since;
  });
  if (entry == nullptr)
    return;
  pace_.taken(ladder_step::cancel, now.steady);
  table_.count_ended_for_memory();
  stop_running(*entry,
               {.code = errc::overloaded,
                .context = "run " + entry->record.target +
                           ": ended to save memory, of which the node is almost out",
                .retry_after = std::chrono::seconds{10}},
               now);
}

stall_verdict dispatch_core::note_hold(const std::string& tool, duration held) {
  return stalls_.note(tool, held);
}

dispatcher_status dispatch_core::status(time_point now) {
  const auto& outcomes = table_.outcomes();
  auto ended = [&outcomes](task_state state) {
    return outcomes.ended[static_cast<std::size_t>(state)];
  };
  dispatcher_status seen{.interactive = status_of_lane(table_.counters(lane::interactive)),
                         .batch = status_of_lane(table_.counters(lane::batch)),
                         .records = table_.size(),
                         .succeeded = ended(task_state::succeeded),
                         .failed = ended(task_state::failed),
                         .cancelled = ended(task_state::cancelled),
                         .expired = ended(task_state::expired),
                         .dead = ended(task_state::dead),
                         .retried = outcomes.retried,
                         .late = outcomes.late,
                         .preempted = outcomes.preempted,
                         .ended_for_memory = outcomes.ended_for_memory,
                         .slowest = list_tools(times_, stalls_)};
  add_refusals(seen.refusals, lane::interactive, table_.counters(lane::interactive));
  add_refusals(seen.refusals, lane::batch, table_.counters(lane::batch));
  seen.breakers = breaker_.status(now);
  seen.interactive.oldest_ms = table_.oldest_wait(lane::interactive, now);
  seen.batch.oldest_ms = table_.oldest_wait(lane::batch, now);
  for (const auto& route : routes_) {
    if (!route.climb && route.rules.permits == 0)
      continue;
    auto& limit = seen.limits.emplace_back();
    limit.name = route.rules.name;
    limit.current = permits(route);
    limit.in_flight = route.running;
    limit.floor = route.climb ? table_.limits().climb.floor : 1;
    limit.ceiling = route.climb ? table_.limits().climb.ceiling : route.rules.permits;
    limit.frozen = route.climb && route.climb->status().frozen;
  }
  return seen;
}

}  // namespace libagent
