// What the model gateway does of its own accord: starting what is due, timers, facts of providers.

#include "actors/bridge/priority.hpp"
#include "actors/model_gateway.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace libagent::actors {

namespace {

constexpr std::chrono::minutes look_up_pause{1};
// More often a timer is not worth it.
constexpr std::chrono::milliseconds wake_grain{1};

/// Answers an order that nobody else does, when its last copy goes.
template <class End>
class end_guard {
public:
  using callback = std::function<void(End)>;

  end_guard(callback on_end, End when_lost)
      : on_end_{std::move(on_end)}, when_lost_{std::move(when_lost)} {}

  end_guard(const end_guard&) = delete;
  end_guard& operator=(const end_guard&) = delete;

  ~end_guard() {
    if (!is_answered_.exchange(true))
      on_end_(std::move(when_lost_));
  }

  void answer(End end) {
    if (!is_answered_.exchange(true))
      on_end_(std::move(end));
  }

private:
  callback on_end_;
  End when_lost_;
  std::atomic<bool> is_answered_{false};
};

template <class End>
std::function<void(End)> guarded(std::function<void(End)> on_end, End when_lost) {
  auto guard = std::make_shared<end_guard<End>>(std::move(on_end), std::move(when_lost));
  return [guard](End end) { guard->answer(std::move(end)); };
}

error no_gateway() {
  return {errc::unavailable, "call a model: there is no model gateway now",
          std::chrono::milliseconds{100}};
}

}  // namespace

void order_call(const model_gateway_actor& gateway, model_order order) {
  if (order.on_end) {
    order.on_end =
        guarded<model_end>(std::move(order.on_end), {.end = {.reply = no_gateway(), .so_far = {}}});
  }
  if (gateway)
    caf::anon_send<urgent>(gateway, call_atom_v, std::move(order));
}

void order_embedding(const model_gateway_actor& gateway, embedding_order order) {
  if (!order.call || !order.call->on_end)
    return;
  auto call = std::make_shared<embedding_call>(*order.call);
  call->on_end = guarded<expected<embedding_call::reply>>(std::move(call->on_end), no_gateway());
  order.call = std::move(call);
  if (gateway)
    caf::anon_send<urgent>(gateway, embed_atom_v, std::move(order));
}

instant model_gateway_state::now() const {
  return {.steady = options_.now(), .unix_time = options_.unix_time()};
}

void model_gateway_state::settle() {
  for (const auto& step : gate_.take_due(now()))
    perform(step);
  const auto present = options_.now();
  // A server that is back may be another one.
  if (const auto back = reports_.update(gate_, present))
    look_up(*back);
  look_after_spending();
  arm_timer();
}

void model_gateway_state::perform(const gate_step& step) {
  const auto found = flights_.find(step.id);
  if (found == flights_.end())
    return;
  const auto flight = found->second;
  switch (step.kind) {
    case gate_step_kind::start:
      flight->start(*options_.providers[flight->plan().provider].model, line_, step.id);
      return;
    case gate_step_kind::abandon: flight->halt(); [[fallthrough]];
    case gate_step_kind::end: finish(step.id, {.reply = step.why, .so_far = {}}, 0); return;
  }
}

void model_gateway_state::wake() {
  if (timer_due_ && *timer_due_ <= options_.now())
    timer_due_.reset();
  const auto news = line_->take();
  for (const auto id : news.cancelled) {
    if (gate_.cancel(id, now()) == cancel_verdict::finish)
      finish(id, {.reply = error{errc::cancelled, "call a model: cancelled"}, .so_far = {}}, 0);
  }
  for (const auto& [provider, facts] : news.facts)
    take_facts(provider, facts);
  look_up_due();
  settle();
}

void model_gateway_state::arm_timer() {
  const auto present = options_.now();
  auto next = gate_.next_wake(present);
  for (const auto& due : look_up_at_) {
    if (due)
      next = next ? std::min(*next, *due) : *due;
  }
  if (spending_due_)
    next = next ? std::min(*next, *spending_due_) : *spending_due_;
  if (!next)
    return;
  const auto due = std::max(*next, present + wake_grain);
  if (timer_due_ && *timer_due_ <= due)
    return;
  timer_due_ = due;
  // Weak, unlike CAF's delayed messages: a far deadline must not keep the system from ending.
  self_->clock().schedule_message(
      due, caf::actor_cast<caf::weak_actor_ptr>(self_),
      caf::make_mailbox_element(nullptr, caf::make_message_id(urgent), {}, wake_atom_v));
}

void model_gateway_state::look_up(std::size_t provider) {
  look_up_at_[provider].reset();
  options_.providers[provider].model->look_up(
      [line = line_, provider](expected<chat_model_facts> facts) {
        line->send_facts(provider, std::move(facts));
      });
}

void model_gateway_state::look_up_due() {
  const auto present = options_.now();
  for (std::size_t at = 0; at < look_up_at_.size(); ++at) {
    if (look_up_at_[at] && *look_up_at_[at] <= present)
      look_up(at);
  }
}

void model_gateway_state::take_facts(std::size_t provider,
                                     const expected<chat_model_facts>& facts) {
  reports_.on_facts(provider, facts);
  if (!facts) {
    look_up_at_[provider] = options_.now() + look_up_pause;
    return;
  }
  if (facts->slots)
    gate_.set_slots(provider, *facts->slots);
  if (facts->context_tokens.value_or(0) > 0)
    options_.windows->learn(options_.providers[provider].settings.name, *facts->context_tokens);
}

void model_gateway_state::learn_window(const model_flight& flight, const chat_end& end) {
  if (end.reply || end.reply.error().code != errc::context_too_long)
    return;
  const auto& provider = options_.providers[flight.plan().provider].settings.name;
  if (end.context_tokens.value_or(0) > 0)
    options_.windows->learn(provider + "/" + flight.plan().model, *end.context_tokens);
}

models_status model_gateway_state::status() const {
  models_status all;
  const auto present = options_.now();
  for (std::size_t at = 0; at < gate_.size(); ++at) {
    const auto& lane = gate_.provider(at);
    const auto& counters = lane.counters();
    const auto& settings = lane.settings();
    const auto& first = settings.models.empty()
                            ? settings.name
                            : settings.name + "/" + settings.models.front().name;
    all.providers.push_back({.name = settings.name,
                             .limit = lane.limit(),
                             .running = lane.running(),
                             .queued = static_cast<std::uint32_t>(lane.queue().size()),
                             .breaker = std::string{name_of(lane.breaker(present))},
                             .calls = counters.calls,
                             .failures = counters.failures,
                             .retries = counters.retries,
                             .refused = counters.refused,
                             .prompt_tokens = counters.tokens.prompt,
                             .completion_tokens = counters.tokens.completion,
                             .cost_micro = counters.cost_micro,
                             .context_tokens = options_.windows->of(first)});
  }
  return all;
}

}  // namespace libagent::actors
