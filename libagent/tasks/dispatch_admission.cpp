// The half of the dispatcher's core that refuses: by overload, and for want of memory.

#include "libagent/tasks/admission.hpp"
#include "libagent/tasks/dispatch_core.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace libagent {

namespace {

/// About the time after which a level of memory pressure can be left.
constexpr std::chrono::seconds memory_pause{5};

constexpr std::chrono::seconds journal_pause{5};
constexpr std::chrono::seconds key_pause{60};

refusal short_of_memory(const task_order& order, pressure_level level, std::string_view what) {
  return {
      refusal_reason::memory,
      {.code = errc::overloaded,
       .context = "admit " + order.target + ": memory pressure is " + std::string{name_of(level)} +
                  ", " + std::string{what} + " are refused until it falls",
       .retry_after = memory_pause}};
}

}  // namespace

expected<const task_record*> dispatch_core::submit(task_order order, const instant& now) {
  const auto estimate = times_.estimate(order.target);
  if (estimate)
    order.cost = estimate->mean;
  if (auto refused = find_refusal(order, estimate, now)) {
    table_.count_refusal(order.task_lane, refused->reason);
    return std::move(refused->why);
  }
  table_.forget_old(now.steady);
  const bool refusable = order.is_refusable;
  auto& entry = table_.accept(std::move(order), now);
  if (is_journalled(entry))
    write_acceptance(entry, refusable);
  return &entry.record;
}

std::optional<refusal> dispatch_core::find_refusal(const task_order& order,
                                                   const std::optional<service_estimate>& estimate,
                                                   const instant& now) {
  if (draining_) {
    return refusal{refusal_reason::draining,
                   {errc::unavailable, "admit task: this node is shutting down"}};
  }
  if (auto refused = table_.check(order))
    return refused;
  if (auto refused = refuse_for_journal(order, now))
    return refused;
  if (auto refused = refuse_for_memory(order))
    return refused;
  switch (routes_.at(order.route).rules.admission) {
    case admission_rule::queue_wait: return refuse_by_wait(order, now.steady);
    case admission_rule::estimate: return refuse_by_estimate(order, estimate);
    case admission_rule::bounds: break;
  }
  return std::nullopt;
}

/// What is accepted must be journalled, and a used key must be remembered.
std::optional<refusal> dispatch_core::refuse_for_journal(const task_order& order,
                                                         const instant& now) {
  if (!order.key.empty() && find_key(order, now).verdict == key_verdict::full) {
    return refusal{
        refusal_reason::journal,
        {.code = errc::overloaded,
         .context = "admit " + order.target + ": as many idempotency keys are remembered as can be",
         .retry_after = key_pause}};
  }
  if (outbox_ == nullptr || !order.durable || journal_works())
    return std::nullopt;
  const auto& trouble = *outbox_->trouble();
  error why{
      .code = errc::unavailable,
      .context = "admit " + order.target + ": the journal cannot be written: " + trouble.context};
  if (!outbox_->is_broken())
    why.retry_after = journal_pause;
  return refusal{refusal_reason::journal, std::move(why)};
}

std::optional<refusal> dispatch_core::refuse_for_memory(const task_order& order) const {
  if (ledger_ != nullptr && ledger_->refusal_of(order.memory_bytes) == memory_refusal::never) {
    return refusal{refusal_reason::memory,
                   {errc::too_large, "admit " + order.target + ": it takes " +
                                         std::to_string(order.memory_bytes) +
                                         " bytes of memory, this node gives at most " +
                                         std::to_string(ledger_->largest_possible())}};
  }
  if (pressure_ >= pressure_level::critical && order.task_lane == lane::batch)
    return short_of_memory(order, pressure_, "batch tasks");
  if (pressure_ >= pressure_level::high && order.level < criticality::critical)
    return short_of_memory(order, pressure_, "sheddable tasks");
  return std::nullopt;
}

/// The lowest levels go first; twice the wait, and all but the highest go.
std::optional<refusal> dispatch_core::refuse_by_wait(const task_order& order, time_point now) {
  auto& gate = *routes_[order.route].gate;
  const auto& queue = table_.queue_of(order.route, order.task_lane);
  const auto* oldest = queue.oldest();
  const auto waited = oldest == nullptr ? duration::zero() : now - oldest->since;
  if (order.level == criticality::critical_plus || gate.is_open(now, waited))
    return std::nullopt;
  if (order.level == criticality::critical && waited < 2 * gate.target())
    return std::nullopt;
  const auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  return refusal{
      refusal_reason::queue_wait,
      {.code = errc::overloaded,
       .context = "admit " + order.target + ": " + std::to_string(queue.size()) +
                  " short tasks wait, the first for " + std::to_string(wait_ms) + " ms",
       .retry_after = std::chrono::ceil<std::chrono::milliseconds>(gate.retry_after(waited))}};
}

/// How many such tasks can run at a time: executors, permits and memory all bound it.
std::size_t dispatch_core::capacity_for(const task_order& order) const {
  const auto& route = routes_[order.route];
  const auto runners = std::min<std::size_t>(pool_.credit_of(route.servers), permits(route));
  const auto each = is_guessed(route, order.memory_bytes) ? ledger_->guess() : order.memory_bytes;
  if (ledger_ == nullptr || each == 0)
    return runners;
  const auto fitting = std::max<std::uint64_t>(1, ledger_->largest_possible() / each);
  return std::min<std::size_t>(runners, fitting);
}

std::optional<refusal> dispatch_core::refuse_by_estimate(
    const task_order& order, const std::optional<service_estimate>& estimate) {
  const auto& route = routes_[order.route];
  const auto capacity = capacity_for(order);
  if (capacity == 0)
    return std::nullopt;  // Whoever serves it is being restarted: nothing is known.
  const auto& queue = table_.queue_of(order.route, order.task_lane);
  const auto weight = table_.limits().weights.of(order.client);
  // Fair queuing serves a client's own work at its part of the capacity, or sooner.
  const auto own_turn = std::chrono::duration_cast<duration>(
      (queue.client_backlog(order.client, order.level) + order.cost) *
      ((queue.active_weight(order.level) + weight) / weight));
  admission_load load;
  load.tasks_ahead = queue.size();
  load.backlog_ahead = std::min(queue.backlog(order.level), own_turn) +
                       table_.parked_cost(order.route) + route.running_cost / 2;
  load.capacity = capacity;
  load.timeout = order.timeout;
  load.has_estimate = estimate.has_value();
  if (estimate)
    load.own = estimate->p90;
  if (auto admitted = admit_by_estimate(order.target, load); !admitted)
    return refusal{refusal_reason::deadline, admitted.error()};
  return std::nullopt;
}

}  // namespace libagent
