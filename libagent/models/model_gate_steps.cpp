// What the gate does with an order between its admission and its end.

#include "libagent/base/contract.hpp"
#include "libagent/models/model_gate.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

time_point sum_of(time_point when, duration more) {
  return when > time_point::max() - more ? time_point::max() : when + more;
}

}  // namespace

void model_gate::wake_at(ticket& each, time_point when) {
  timers_.remove(each);
  each.deadline = when;
  if (when != time_point::max())
    timers_.push(each);
}

void model_gate::enqueue(ticket& each, const instant& now) {
  auto& lane = *lanes_[each.lane];
  each.where = stage::queued;
  each.since = now.steady;
  wake_at(each, std::min(each.order_deadline, sum_of(now.steady, lane.settings().queue_age_max)));
  if (each.attempts == 0) {
    lane.queue().push_back(each, each.weight);
  } else {
    lane.queue().push_front(each, each.weight);
  }
}

void model_gate::delay(ticket& each, time_point until) {
  each.where = stage::delayed;
  wake_at(each, until);
}

/// Takes the place of a call that is not in the queue (any more), if the breaker lets it.
void model_gate::begin(ticket& each, const instant& now) {
  auto& lane = *lanes_[each.lane];
  timers_.remove(each);
  if (const auto hold = lane.start(each.attempts > 0, now.steady))
    return on_held_by_breaker(each, *hold, now);
  ++each.attempts;
  each.since = now.steady;
  each.where = stage::due;
  due_.push_back({gate_step_kind::start, id_of(each), {}});
}

/// Whoever was sent before sits a short pause out; all others are refused at once.
void model_gate::on_held_by_breaker(ticket& each, std::chrono::milliseconds hold,
                                    const instant& now) {
  const auto& settings = lanes_[each.lane]->settings();
  if (each.attempts > 0 && hold <= settings.retry.cap && now.steady + hold < each.order_deadline)
    return delay(each, now.steady + hold);
  end_unsent(each,
             {errc::unavailable, "call " + settings.name + ": it failed too often lately", hold},
             now);
}

void model_gate::end_unsent(ticket& each, error why, const instant& now) {
  if (each.attempts == 0)
    lanes_[each.lane]->count_refusal();
  due_.push_back({gate_step_kind::end, id_of(each), std::move(why)});
  close(each, now);
}

void model_gate::fill(std::size_t at, const instant& now) {
  auto& lane = *lanes_[at];
  while (lane.has_room(now.steady)) {
    auto* next = static_cast<ticket*>(lane.queue().front());
    if (next == nullptr)
      return;
    lane.queue().take(*next);
    begin(*next, now);
  }
}

void model_gate::act_on_timers(const instant& now) {
  for (auto* first = timers_.top(); first != nullptr && first->deadline <= now.steady;
       first = timers_.top()) {
    auto& each = static_cast<ticket&>(*first);
    timers_.remove(each);
    act_on_timer(each, now);
  }
}

void model_gate::act_on_timer(ticket& each, const instant& now) {
  switch (each.where) {
    case stage::queued:
      lanes_[each.lane]->queue().remove(each);
      return end_unsent(each, expiry_of(each, now), now);
    case stage::delayed: return enqueue(each, now);
    case stage::running: return overrun(each, now);
    case stage::abandoned: lanes_[each.lane]->write_off(now.steady); return close(each, now);
    case stage::due:
    case stage::free: break;
  }
}

void model_gate::overrun(ticket& each, const instant& now) {
  const auto& name = lanes_[each.lane]->settings().name;
  auto why = each.is_cancelled
                 ? error{errc::cancelled, "call " + name + ": cancelled"}
                 : error{errc::deadline_exceeded, "call " + name + ": no end by the deadline"};
  due_.push_back({gate_step_kind::abandon, id_of(each), std::move(why)});
  each.where = stage::abandoned;
  wake_at(each, sum_of(now.steady, write_off));
}

error model_gate::expiry_of(const ticket& each, const instant& now) const {
  const auto& name = lanes_[each.lane]->settings().name;
  const auto waited =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.steady - each.since);
  auto context = "call " + name + ": waited " + std::to_string(waited.count()) + " ms for its turn";
  if (!each.last_failure.empty())
    context += " after " + each.last_failure;
  if (now.steady >= each.order_deadline)
    return {errc::deadline_exceeded, std::move(context)};
  return {errc::overloaded, std::move(context) + ", longer than calls may wait",
          std::chrono::milliseconds{1'000}};
}

}  // namespace libagent
