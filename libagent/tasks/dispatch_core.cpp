#include "libagent/tasks/dispatch_core.hpp"

#include <algorithm>
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

lane_status lane_status_of(const lane_counters& counters) {
  return {.queued = counters.queued,
          .running = counters.running,
          .executors = 0,
          .accepted = counters.accepted,
          .refused = counters.refused};
}

}  // namespace

dispatch_core::dispatch_core(task_limits limits, task_table::random_source random,
                             dispatch_listener& listener)
    : table_{limits, std::move(random)}, listener_{listener} {}

route_id dispatch_core::add_route() {
  routes_.emplace_back();
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
  routes_.at(route).push_back(executor);
  served.push_back(route);
  pump(route, now);
}

void dispatch_core::stop_serving(executor_id executor, route_id route) {
  std::erase(services_.at(executor).routes, route);
  std::erase(routes_.at(route), executor);
}

void dispatch_core::lose_executor(executor_id executor, std::uint64_t begun, const error& why,
                                  const instant& now) {
  const auto found = services_.find(executor);
  if (found == services_.end())
    return;
  const auto routes = std::move(found->second.routes);
  services_.erase(found);
  for (const auto route : routes)
    std::erase(routes_[route], executor);
  // Youngest first, because each goes to the front of its queue.
  for (const auto& lost : pool_.remove(executor) | std::views::reverse)
    lose_lease(lost, begun, why, now);
  for (const auto route : routes)
    pump(route, now);
}

void dispatch_core::lose_lease(const lease& lost, std::uint64_t begun, const error& why,
                               const instant& now) {
  lost.stop.request_stop();  // Its thread may have been given up on, and still be running.
  auto* entry = table_.find(lost.id);
  if (entry == nullptr || entry->record.state != task_state::running ||
      entry->record.attempt != lost.attempt)
    return;  // It ended earlier; only the lease was left.
  if (lost.sequence > begun) {
    table_.give_back(*entry, now);
  } else {
    table_.lose(*entry, why, now);
  }
  listener_.on_change(entry->record);
}

void dispatch_core::lose_attempt(const task_id& id, std::uint32_t attempt, const error& why,
                                 const instant& now) {
  const auto executor = pool_.release(id, attempt);
  if (auto* entry = table_.running_attempt(id, attempt)) {
    table_.lose(*entry, why, now);
    listener_.on_change(entry->record);
  }
  if (executor)
    pump_served_by(*executor, now);
}

void dispatch_core::set_available(executor_id executor, bool available, const instant& now) {
  pool_.set_available(executor, available);
  if (available)
    pump_served_by(executor, now);
}

expected<const task_record*> dispatch_core::submit(task_order order, const instant& now) {
  if (draining_) {
    table_.count_refusal(order.task_lane);
    return error{errc::unavailable, "admit task: this node is shutting down"};
  }
  if (order.task_lane == lane::batch && pressure_ >= pressure_level::high) {
    table_.count_refusal(order.task_lane);
    return error{errc::overloaded, "admit task: memory pressure is " +
                                       std::string{name_of(pressure_)} +
                                       ", batch tasks are refused until it falls"};
  }
  table_.forget_old(now.steady);
  auto accepted = table_.accept(std::move(order), now);
  if (!accepted)
    return accepted.error();
  return &(*accepted)->record;
}

void dispatch_core::pump(route_id route, const instant& now) {
  const bool with_batch = pressure_ < pressure_level::critical;
  while (auto* next = table_.next_queued(route, with_batch)) {
    const auto executor = pool_.pick(routes_.at(route));
    if (!executor)
      return;
    start(*next, *executor, now);
  }
}

void dispatch_core::pump_task(const task_id& id, const instant& now) {
  if (const auto* entry = table_.find(id))
    pump(entry->route, now);
}

void dispatch_core::start(task_entry& entry, executor_id executor, const instant& now) {
  table_.start(entry, now);
  entry.record.node = services_.at(executor).node;
  const auto& held = pool_.assign(executor, entry.record.id, entry.record.attempt);
  listener_.on_start(entry, held);
  listener_.on_change(entry.record);
}

void dispatch_core::complete(const task_id& id, std::uint32_t attempt,
                             expected<std::string> outcome, const instant& now) {
  const auto executor = pool_.release(id, attempt);
  if (auto* entry = table_.running_attempt(id, attempt)) {
    table_.end(*entry, std::move(outcome), now);
    listener_.on_change(entry->record);
  }
  if (executor)
    pump_served_by(*executor, now);
}

void dispatch_core::give_back(const task_id& id, std::uint32_t attempt, const instant& now) {
  const auto executor = pool_.release(id, attempt);
  if (executor)
    pool_.set_available(*executor, false);
  if (auto* entry = table_.running_attempt(id, attempt)) {
    table_.give_back(*entry, now);
    listener_.on_change(entry->record);
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
  if (held != nullptr) {
    held->stop.request_stop();
    listener_.on_stop(*held, entry.record);
  }
  listener_.on_change(entry.record);
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
}

void dispatch_core::fail_queued(route_id route, const error& why, const instant& now) {
  for (auto* entry : table_.queued_of(route)) {
    table_.end(*entry, why, now);
    listener_.on_change(entry->record);
  }
}

std::optional<time_point> dispatch_core::next_deadline() const {
  const auto* first = table_.first_deadline();
  return first == nullptr ? std::nullopt : std::optional{first->deadline};
}

void dispatch_core::set_pressure(pressure_level level, const instant& now) {
  pressure_ = level;
  pump_all(now);
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

dispatcher_status dispatch_core::status() const {
  const auto& outcomes = table_.outcomes();
  auto ended = [&outcomes](task_state state) {
    return outcomes.ended[static_cast<std::size_t>(state)];
  };
  return {.interactive = lane_status_of(table_.counters(lane::interactive)),
          .batch = lane_status_of(table_.counters(lane::batch)),
          .records = table_.size(),
          .succeeded = ended(task_state::succeeded),
          .failed = ended(task_state::failed),
          .cancelled = ended(task_state::cancelled),
          .expired = ended(task_state::expired),
          .dead = ended(task_state::dead),
          .retried = outcomes.retried,
          .late = outcomes.late};
}

}  // namespace libagent
