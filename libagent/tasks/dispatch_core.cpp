#include "libagent/tasks/dispatch_core.hpp"

#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

namespace libagent {

namespace {

error deadline_error(const task_entry& entry) {
  const auto* where =
      entry.record.state == task_state::queued ? "it was still waiting" : "it was running";
  return {errc::deadline_exceeded, "run " + entry.record.target + ": the time limit of " +
                                       std::to_string(entry.timeout.count()) + " ms passed while " +
                                       where};
}

/// Runs after which an estimate is good enough to give a task up by.
constexpr std::size_t samples_to_judge = 10;

error tool_is_down(const std::string& target, std::chrono::milliseconds pause) {
  return {.code = errc::unavailable,
          .context = "run " + target + ": what it calls is down",
          .retry_after = pause};
}

std::string whole_ms(std::chrono::duration<double> time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

}  // namespace

dispatch_core::dispatch_core(const task_limits& limits, task_table::random_source random,
                             dispatch_listener& listener, memory_ledger* ledger,
                             journal_outbox* outbox)
    : table_{limits, std::move(random)},
      listener_{listener},
      ledger_{ledger},
      stalls_{limits.stalls},
      breaker_{limits.breaker, table_.draw()},
      outbox_{outbox},
      keys_{limits.keys, table_.draw(), table_.draw()} {}

route_id dispatch_core::add_route(route_rules rules) {
  auto& added = routes_.emplace_back();
  const auto& limits = table_.limits();
  if (rules.admission == admission_rule::queue_wait)
    added.gate.emplace(limits.queue_wait_target, limits.queue_wait_interval);
  if (rules.climbs)
    added.climb.emplace(limits.climb);
  added.rules = std::move(rules);
  return static_cast<route_id>(routes_.size() - 1);
}

executor_id dispatch_core::add_executor(std::uint32_t credit, std::string node) {
  const auto executor = pool_.add(credit);
  services_[executor].node = std::move(node);
  return executor;
}

void dispatch_core::serve(executor_id executor, route_id route, const instant& now) {
  auto& served = services_.at(executor).routes;
  if (std::ranges::find(served, route) != served.end())
    return;
  routes_.at(route).servers.push_back(executor);
  served.push_back(route);
  pump(route, now);
}

void dispatch_core::stop_serving(executor_id executor, route_id route) {
  std::erase(services_.at(executor).routes, route);
  std::erase(routes_.at(route).servers, executor);
}

void dispatch_core::lose_executor(executor_id executor, std::uint64_t begun, const error& why,
                                  const instant& now) {
  const auto found = services_.find(executor);
  if (found == services_.end())
    return;
  const auto routes = std::move(found->second.routes);
  services_.erase(found);
  for (const auto route : routes)
    std::erase(routes_[route].servers, executor);
  // Youngest first, because each goes to the front of its queue.
  for (const auto& lost : pool_.remove(executor) | std::views::reverse)
    lose_lease(lost, begun, why, now);
  for (const auto route : routes)
    pump(route, now);
}

void dispatch_core::lose_lease(const lease& lost, std::uint64_t begun, const error& why,
                               const instant& now) {
  lost.stop.request_stop();  // Its thread may have been given up on, and still be running.
  release(lost, false, now.steady);
  auto* entry = table_.find(lost.id);
  if (entry == nullptr || entry->record.state != task_state::running ||
      entry->record.attempt != lost.attempt)
    return;  // It ended earlier; only the lease was left.
  if (lost.sequence == 0 || lost.sequence > begun) {
    table_.give_back(*entry, now);
    tell(*entry, now);
  } else {
    crash(*entry, why, now);
  }
}

void dispatch_core::lose_attempt(const task_id& id, std::uint32_t attempt, const error& why,
                                 const instant& now) {
  const auto over = pool_.release(id, attempt);
  if (over)
    release(*over, false, now.steady);
  if (auto* entry = table_.running_attempt(id, attempt))
    crash(*entry, why, now);
  if (over)
    pump_served_by(over->executor, now);
}

void dispatch_core::set_available(executor_id executor, bool available, const instant& now) {
  pool_.set_available(executor, available);
  if (available)
    pump_served_by(executor, now);
}

void dispatch_core::pump(route_id route, const instant& now) {
  auto& from = routes_.at(route);
  while (auto* next = table_.next_queued(route, starts_batch(from))) {
    if (auto late = too_late(*next, now.steady)) {
      stop_running(*next, *std::move(late), now);
      continue;
    }
    if (must_wait(*next)) {
      table_.park(*next);
      continue;
    }
    if (hold_back(*next, now))
      continue;
    if (from.running >= permits(from))
      return;
    const auto executor = pool_.pick(from.servers);
    if (!executor)
      return;
    std::shared_ptr<void> hold;
    if (reserve_for(*next, hold)) {
      start(*next, *executor, std::move(hold), now);
    } else {
      table_.park(*next);
    }
  }
  if (from.gate)
    from.gate->on_empty(now.steady);
}

/// What its tool calls is down: it waits for the next probe, or fails when that comes too late.
bool dispatch_core::hold_back(task_entry& entry, const instant& now) {
  const auto pause = breaker_.held_for(entry.record.target, now.steady);
  if (!pause)
    return false;
  if (now.steady + *pause >= entry.deadline) {
    stop_running(entry, tool_is_down(entry.record.target, *pause), now);
    return true;
  }
  entry.record.note = "waits until what the tool calls is up again";
  table_.delay(entry, *pause, now);
  tell(entry, now);
  return true;
}

/// A run that cannot end in time would only take a place from one that can. Where runs are alike
/// (mean and 90th percentile agree) it needs the mean; the more they differ, the sooner one is
/// tried.
std::optional<error> dispatch_core::too_late(const task_entry& entry, time_point now) const {
  if (entry.deadline <= now)
    return deadline_error(entry);
  if (routes_[entry.route].rules.admission != admission_rule::estimate)
    return std::nullopt;
  const auto estimate = times_.estimate(entry.record.target);
  if (!estimate || estimate->samples < samples_to_judge || estimate->p90 <= duration::zero())
    return std::nullopt;
  const std::chrono::duration<double> mean = estimate->mean;
  const std::chrono::duration<double> p90 = estimate->p90;
  const std::chrono::duration<double> left = entry.deadline - now;
  if (left >= mean * std::min(1.0, mean / p90))
    return std::nullopt;
  return error{errc::deadline_exceeded,
               "run " + entry.record.target + ": of its time limit of " +
                   std::to_string(entry.timeout.count()) + " ms only " + whole_ms(left) +
                   " were left when its turn came, and a run takes about " + whole_ms(mean)};
}

void dispatch_core::pump_task(const task_id& id, const instant& now) {
  if (const auto* entry = table_.find(id))
    pump(entry->route, now);
}

std::uint32_t dispatch_core::permits(const route_state& route) const {
  constexpr auto unlimited = std::numeric_limits<std::uint32_t>::max();
  const auto all = route.climb ? route.climb->limit() : route.rules.permits;
  return all == 0 ? unlimited : batch_permits(all, pressure_);
}

/// Without permits of its own, a route would start any number of long tasks.
bool dispatch_core::starts_batch(const route_state& route) const {
  return pressure_ < pressure_level::critical || route.climb || route.rules.permits > 0;
}

/// A computing task of the batch lane that does not say what it takes is guessed at; the others
/// take little.
bool dispatch_core::is_guessed(const route_state& route, std::uint64_t declared_bytes) const {
  return ledger_ != nullptr && declared_bytes == 0 && route.rules.permits > 0;
}

bool dispatch_core::reserve_for(const task_entry& entry, std::shared_ptr<void>& hold) {
  const bool guesses = is_guessed(routes_[entry.route], entry.memory_bytes);
  if (ledger_ == nullptr || (entry.memory_bytes == 0 && !guesses))
    return true;
  auto grant = guesses ? ledger_->try_reserve_unknown() : ledger_->try_reserve(entry.memory_bytes);
  if (!grant)
    return false;
  hold = (*std::move(grant)).share();
  return true;
}

void dispatch_core::start(task_entry& entry, executor_id executor, std::shared_ptr<void> hold,
                          const instant& now) {
  auto& route = routes_[entry.route];
  if (route.gate)
    route.gate->on_start(now.steady - entry.since, now.steady);
  if (route.climb)
    route.climb->on_start(now.steady);
  ++route.running;
  route.running_cost += entry.cost;
  table_.start(entry, now);
  entry.record.node = services_.at(executor).node;
  auto& held = pool_.assign(executor, entry.record.id, entry.record.attempt);
  held.route = entry.route;
  held.since = now.steady;
  held.cost = entry.cost;
  held.hold = std::move(hold);
  (void)breaker_.admit(entry.record.target, now.steady);  // It is: this may be the probe.
  if (entry.record.attempt == 1)
    budget_.on_first_attempt(entry.record.target);
  if (!is_journalled(entry)) {
    hand_out(entry, held);
    return listener_.on_change(entry.record);
  }
  ++entry.unwritten;
  outbox_->write(write_state{.id = held.id, .now = state_of(entry)},
                 [this, id = held.id, number = held.number](const error* failure) {
                   begin(id, number, failure);
                 });
}

/// What ends with a lease, however it ended.
void dispatch_core::release(const lease& over, bool useful, time_point now) {
  auto& route = routes_[over.route];
  --route.running;
  route.running_cost -= over.cost;
  if (route.climb)
    route.climb->on_end(now - over.since, useful, now);
}

void dispatch_core::note_run(const task_entry& entry, route_id route, duration ran) {
  constexpr int smoothing = 16;
  times_.note(entry.record.target, ran);
  auto& on = routes_[route];
  on.mean_run += (ran - on.mean_run) / smoothing;
  if (on.gate)
    on.gate->set_service_time(on.mean_run);
}

void dispatch_core::complete(const task_id& id, std::uint32_t attempt,
                             expected<std::string> outcome, const instant& now,
                             std::optional<duration> ran) {
  auto over = pool_.release(id, attempt);
  auto* entry = table_.running_attempt(id, attempt);
  if (entry != nullptr) {
    breaker_.on_result(entry->record.target,
                       breaker_result_of(outcome ? errc::ok : outcome.error().code), now.steady);
  }
  if (over) {
    over->hold.reset();
    release(*over, entry != nullptr && outcome, now.steady);
    if (outcome && entry != nullptr)
      note_run(*entry, over->route, ran.value_or(now.steady - over->since));
  }
  if (entry != nullptr)
    conclude(*entry, std::move(outcome), now);
  if (over)
    pump_served_by(over->executor, now);
}

/// What an attempt's answer means for its task.
void dispatch_core::conclude(task_entry& entry, expected<std::string> outcome, const instant& now) {
  if (!outcome && outcome.error().code == errc::crashed)
    return crash(entry, outcome.error(), now);
  if (entry.is_preempted && !outcome && outcome.error().code == errc::cancelled) {
    table_.set_back(entry, now);
  } else if (outcome || !try_again(entry, outcome.error(), now)) {
    table_.end(entry, std::move(outcome), now);
  }
  tell(entry, now);
}

void dispatch_core::give_back(const task_id& id, std::uint32_t attempt, const instant& now) {
  if (const auto over = pool_.release(id, attempt)) {
    release(*over, false, now.steady);
    pool_.set_available(over->executor, false);
  }
  if (auto* entry = table_.running_attempt(id, attempt)) {
    table_.give_back(*entry, now);
    tell(*entry, now);
    pump(entry->route, now);
  }
}

void dispatch_core::progress(const task_id& id, std::uint32_t attempt, task_progress reported) {
  if (auto* entry = table_.running_attempt(id, attempt)) {
    if (table_.progress(*entry, std::move(reported)))
      listener_.on_change(entry->record);
  }
}

void dispatch_core::note_cache_use(const task_id& id, std::uint32_t attempt, cache_use use) {
  if (auto* entry = table_.running_attempt(id, attempt))
    entry->record.cache = std::move(use);
}

void dispatch_core::stop_running(task_entry& entry, error why, const instant& now) {
  auto* held = pool_.find(entry.record.id);
  table_.end(entry, std::move(why), now);
  if (held == nullptr)
    return tell(entry, now);
  if (held->sequence != 0) {
    held->stop.request_stop();
    listener_.on_stop(*held, entry.record);
    return tell(entry, now);
  }
  const auto over = pool_.release(held->id, held->attempt);
  release(*over, false, now.steady);
  tell(entry, now);
  pump_served_by(over->executor, now);
}

expected<const task_record*> dispatch_core::cancel(const task_id& id, const std::string& reason,
                                                   const instant& now) {
  auto* entry = table_.find(id);
  if (entry == nullptr)
    return error{errc::not_found, "cancel task: no task has the id " + to_string(id)};
  if (!is_terminal(entry->record.state))
    stop_running(*entry, {errc::cancelled, "run " + entry->record.target + ": " + reason}, now);
  return &entry->record;
}

void dispatch_core::expire(const instant& now) {
  for (auto* first = table_.first_deadline(); first != nullptr && first->deadline <= now.steady;
       first = table_.first_deadline())
    stop_running(*first, deadline_error(*first), now);
  for (const auto* due : table_.take_delayed(now.steady))
    pump(due->route, now);
}

void dispatch_core::fail_queued(route_id route, const error& why, const instant& now) {
  for (auto* entry : table_.queued_of(route)) {
    if (is_terminal(entry->record.state))
      continue;  // It ended with its parent, which was one of these.
    table_.end(*entry, why, now);
    tell(*entry, now);
  }
}

std::optional<time_point> dispatch_core::next_deadline() const {
  const auto* first = table_.first_deadline();
  const auto delayed = table_.next_delayed();
  if (first == nullptr)
    return std::nullopt;
  return delayed ? std::min(first->deadline, *delayed) : first->deadline;
}

void dispatch_core::pump_served_by(executor_id executor, const instant& now) {
  const auto found = services_.find(executor);
  if (found == services_.end())
    return;
  for (const auto route : found->second.routes)
    pump(route, now);
}

void dispatch_core::pump_all(const instant& now) {
  for (route_id route = 0; route < routes_.size(); ++route)
    pump(route, now);
}

}  // namespace libagent
