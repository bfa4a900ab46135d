#include "libagent/models/model_gate.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

constexpr std::uint32_t slot_bits = 32;

time_point plus(time_point when, duration more) {
  return when > time_point::max() - more ? time_point::max() : when + more;
}

/// Tokens stand for time: only how clients compare matters to the queue.
duration weight_of(const usage_amount& most) {
  constexpr std::uint64_t tokens_max = 100'000'000;
  return std::chrono::microseconds{static_cast<std::int64_t>(std::min(most.tokens, tokens_max))};
}

}  // namespace

model_gate::model_gate(const std::vector<provider_settings>& providers, std::uint64_t seed) {
  seeded_random random{seed};
  for (const auto& each : providers)
    lanes_.push_back(std::make_unique<provider_lane>(each, random()));
}

expected<std::uint64_t> model_gate::admit(const gate_order& order, const instant& now) {
  auto& lane = *lanes_.at(order.provider);
  if (order.deadline <= now.steady) {
    lane.count_refusal();
    return error{errc::deadline_exceeded,
                 "call " + lane.settings().name + ": the deadline has passed already"};
  }
  if (auto why = lane.refusal(order.level, order.deadline, now.steady)) {
    lane.count_refusal();
    return *std::move(why);
  }
  usage_hold hold;
  const bool has_hold = order.payers.have_limits();
  if (has_hold) {
    auto reserved = ledger_.reserve(order.payers, order.most, now.unix_time);
    if (!reserved) {
      lane.count_refusal();
      return std::move(reserved.error());
    }
    hold = *std::move(reserved);
  }
  auto& added = open(order);
  added.hold = std::move(hold);
  added.has_hold = has_hold;
  if (lane.queue().size() == 0 && lane.has_room(now.steady)) {
    begin(added, now);  // the queue would only give it back
  } else {
    enqueue(added, now);
  }
  return id_of(added);
}

const std::vector<gate_step>& model_gate::take_due(const instant& now) {
  act_on_timers(now);
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane)
    fill(lane, now);
  taken_.clear();
  std::swap(taken_, due_);
  for (const auto& step : taken_) {
    if (auto* each = find(step.id); each != nullptr && each->where == stage::due) {
      each->where = stage::running;
      wake_at(*each, plus(each->order_deadline, grace));
    }
  }
  return taken_;
}

gate_verdict model_gate::on_end(std::uint64_t id, const attempt_end& end, const instant& now) {
  auto* each = find(id);
  if (each == nullptr || (each->where != stage::running && each->where != stage::abandoned))
    return gate_verdict::late;
  auto& lane = *lanes_[each->lane];
  lane.on_end(end, each->since, now.steady);
  each->used.cost_micro += end.cost_micro;
  each->used.tokens += end.usage.total();
  if (each->where == stage::abandoned) {
    close(*each, now);
    return gate_verdict::late;
  }
  if (end.failure != nullptr && !end.began && !each->is_cancelled) {
    if (const auto at =
            lane.retry_at(*end.failure, each->attempts, each->order_deadline, now.steady)) {
      each->last_failure = to_string(*end.failure);
      delay(*each, *at);
      return gate_verdict::retry;
    }
  }
  close(*each, now);
  return gate_verdict::finish;
}

cancel_verdict model_gate::cancel(std::uint64_t id, const instant& now) {
  auto* each = find(id);
  if (each == nullptr || each->where == stage::abandoned || each->is_cancelled)
    return cancel_verdict::unknown;
  if (each->where == stage::running || each->where == stage::due) {
    each->is_cancelled = true;
    if (each->where == stage::running)
      wake_at(*each, std::min(each->deadline, plus(now.steady, grace)));
    return cancel_verdict::stop;
  }
  if (each->where == stage::queued)
    lanes_[each->lane]->queue().remove(*each);
  if (each->attempts == 0)
    lanes_[each->lane]->count_refusal();
  close(*each, now);
  return cancel_verdict::finish;
}

std::optional<time_point> model_gate::next_wake(time_point now) const {
  std::optional<time_point> next;
  const auto by = [&next](time_point when) { next = next ? std::min(*next, when) : when; };
  if (!due_.empty())
    by(now);
  if (const auto* first = timers_.top())
    by(first->deadline);
  for (const auto& lane : lanes_) {
    const auto held = lane->queue().size() > 0 ? lane->held_until(now) : std::nullopt;
    if (held)
      by(*held);
  }
  return next;
}

std::uint32_t model_gate::attempts(std::uint64_t id) const {
  const auto* each = find(id);
  return each == nullptr ? 0 : each->attempts;
}

std::uint64_t model_gate::id_of(const ticket& each) {
  return (std::uint64_t{each.generation} << slot_bits) | each.slot;
}

model_gate::ticket* model_gate::find(std::uint64_t id) const {
  const auto slot = static_cast<std::uint32_t>(id);
  if (slot >= tickets_.size())
    return nullptr;
  auto* each = tickets_[slot].get();
  return each->where != stage::free && id_of(*each) == id ? each : nullptr;
}

model_gate::ticket& model_gate::open(const gate_order& order) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(tickets_.size()));
    tickets_.push_back(std::make_unique<ticket>());
    tickets_.back()->slot = free_.back();
  }
  auto& each = *tickets_[free_.back()];
  free_.pop_back();
  ++each.generation;
  each.lane = static_cast<std::uint32_t>(order.provider);
  each.attempts = 0;
  each.is_cancelled = false;
  each.order_deadline = order.deadline;
  each.weight = weight_of(order.most);
  each.used = {};
  each.last_failure.clear();
  each.record.level = order.level;
  each.record.client = order.payers.client;
  return each;
}

void model_gate::close(ticket& each, const instant& now) {
  timers_.remove(each);
  if (each.has_hold)
    ledger_.settle(each.hold, each.used, now.unix_time);
  each.has_hold = false;
  each.where = stage::free;
  free_.push_back(each.slot);
}

}  // namespace libagent
