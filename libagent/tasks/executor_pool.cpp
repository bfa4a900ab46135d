#include "libagent/tasks/executor_pool.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

executor_pool::~executor_pool() {
  for (const auto& [id, held] : leases_)
    held.stop.request_stop();
}

executor_id executor_pool::add(std::uint32_t credit) {
  LIBAGENT_EXPECTS(credit > 0);
  executors_[++last_executor_].credit = credit;
  return last_executor_;
}

std::vector<lease> executor_pool::remove(executor_id executor) {
  std::vector<lease> held;
  for (auto at = leases_.begin(); at != leases_.end();) {
    if (at->second.executor == executor) {
      held.push_back(std::move(at->second));
      at = leases_.erase(at);
    } else {
      ++at;
    }
  }
  executors_.erase(executor);
  std::ranges::sort(held, {}, &lease::sequence);
  return held;
}

void executor_pool::set_available(executor_id executor, bool available) {
  if (const auto found = executors_.find(executor); found != executors_.end())
    found->second.available = available;
}

std::optional<executor_id> executor_pool::pick(std::span<const executor_id> candidates) const {
  std::optional<executor_id> best;
  std::uint32_t best_used = 0;
  for (const auto candidate : candidates) {
    const auto found = executors_.find(candidate);
    if (found == executors_.end() || !found->second.available)
      continue;
    const auto& [credit, used, available] = found->second;
    if (used < credit && (!best || used < best_used)) {
      best = candidate;
      best_used = used;
    }
  }
  return best;
}

lease& executor_pool::assign(executor_id executor, const task_id& id, std::uint32_t attempt) {
  auto& to = executors_.at(executor);
  LIBAGENT_EXPECTS(to.used < to.credit);
  const auto [at, inserted] = leases_.try_emplace(id);
  LIBAGENT_EXPECTS(inserted);
  ++to.used;
  auto& made = at->second;
  made.executor = executor;
  made.id = id;
  made.attempt = attempt;
  made.number = ++last_number_;
  return made;
}

std::optional<lease> executor_pool::release(const task_id& id, std::uint32_t attempt) {
  const auto found = leases_.find(id);
  if (found == leases_.end() || found->second.attempt != attempt)
    return std::nullopt;
  auto released = std::move(found->second);
  leases_.erase(found);
  --executors_.at(released.executor).used;
  return released;
}

std::vector<lease*> executor_pool::not_handed_out() {
  std::vector<lease*> found;
  for (auto& [id, held] : leases_) {
    if (held.sequence == 0)
      found.push_back(&held);
  }
  return found;
}

const lease* executor_pool::find(const task_id& id) const {
  const auto found = leases_.find(id);
  return found == leases_.end() ? nullptr : &found->second;
}

lease* executor_pool::find(const task_id& id) {
  const auto found = leases_.find(id);
  return found == leases_.end() ? nullptr : &found->second;
}

std::size_t executor_pool::credit_of(std::span<const executor_id> candidates) const {
  std::size_t credit = 0;
  for (const auto candidate : candidates) {
    const auto found = executors_.find(candidate);
    if (found != executors_.end() && found->second.available)
      credit += found->second.credit;
  }
  return credit;
}

const lease* executor_pool::with_sequence(std::uint64_t sequence) const {
  const auto found = std::ranges::find_if(
      leases_, [sequence](const auto& entry) { return entry.second.sequence == sequence; });
  return found == leases_.end() ? nullptr : &found->second;
}

std::uint32_t executor_pool::used(executor_id executor) const {
  const auto found = executors_.find(executor);
  return found == executors_.end() ? 0 : found->second.used;
}

}  // namespace libagent
