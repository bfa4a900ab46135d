#include "actors/task_dispatcher.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "libagent/base/random.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace libagent::actors {

namespace {

using std::chrono_literals::operator""ms;

// A pending CAF timer keeps the actor, and with it the system's shutdown, waiting.
constexpr auto timer_reach = 200ms;
constexpr auto timer_grain = 5ms;
constexpr auto agent_look_interval = 50ms;
constexpr auto relief_interval = 100ms;

error unsure(const task_id& id) {
  return {errc::unavailable, "look task up: what became of " + to_string(id) +
                                 " could not be journalled; it will be known after a restart"};
}

/// As long as an end is not journalled it can still come otherwise.
void hide_end(task_record& record) {
  record.state = task_state::running;
  record.ended_at.reset();
  record.failure.reset();
}

task_table::random_source machine_seeded() {
  std::random_device device;
  const auto seed = (std::uint64_t{device()} << 32U) | device();
  return [generator = seeded_random{seed}]() mutable { return generator(); };
}

}  // namespace

task_dispatcher_state::task_dispatcher_state(dispatcher_actor::pointer self,
                                             dispatcher_options options)
    : self_{self},
      options_{std::move(options)},
      resolver_{options_.tools, options_.agents},
      core_{options_.limits, options_.random ? options_.random : machine_seeded(), *this,
            options_.ledger.get(), options_.journal ? &outbox_ : nullptr},
      handler_route_{core_.add_route({.admission = admission_rule::queue_wait})},
      blocking_route_{core_.add_route({.admission = admission_rule::estimate})},
      worker_route_{core_.add_route({.admission = admission_rule::estimate,
                                     .permits = options_.batch_permits,
                                     .name = "batch"})},
      waiter_route_{core_.add_route({.admission = admission_rule::estimate})},
      schedules_{{}, [this] { return core_.table().draw(); }} {}

void task_dispatcher_state::set_up() {
  set_quiet_handlers(self_);
  options_.on_thread_start();
  resolver_.set_declared(options_.declared);
  resume();
  self_->set_down_handler([this](const caf::down_msg& down) {
    lose_local(down);
    settle();
  });
}

dispatcher_actor::behavior_type task_dispatcher_state::make_behavior() {
  set_up();
  // Wraps a handler that changes something.
  auto then_settle = [this](auto answer) {
    settle();
    return answer;
  };
  return {
      [=, this](submit_atom, task_request& request) { return then_settle(submit(request)); },
      [=, this](run_atom, task_request& request) { return then_settle(run(request)); },
      [=, this](submit_atom, task_request& request, const observer_ref& who) {
        return then_settle(submit_observed(request, who));
      },
      [this](watch_atom, const task_id& id, const observer_ref& who) { return watch(id, who); },
      [this](lookup_atom, const task_id& id) { return lookup(id); },
      [this](list_atom) { return list(); },
      [=, this](cancel_atom, const task_id& id, const std::string& reason) {
        return then_settle(cancel(id, reason));
      },
      [this](status_atom) { return status(); },
      [this](list_atom, ready_atom) { return resolver_.list(); },
      [=, this](drain_atom) { return then_settle(drain()); },
      [this](list_atom, const journal_query& query) { return list_kept(query); },
      [=, this](retry_atom, const task_id& id) { return then_settle(retry(id)); },
      [=, this](purge_atom, const task_id& id) { return then_settle(purge(id)); },
      [=, this](suspend_atom) { return then_settle(suspend()); },
      [this](reload_atom, const std::vector<agent_info>& declared) {
        resolver_.set_declared(declared);
      },
      [=, this](schedule_atom, schedule_request& request) { return then_settle(plan(request)); },
      [this](list_atom, schedule_atom) { return list_plans(); },
      [=, this](cancel_atom, schedule_atom, const task_id& id) {
        return then_settle(cancel_plan(id));
      },
      [this](ready_atom, const executor_offer& offer) {
        add_local(offer);
        settle();
      },
      [this](progress_atom, const task_id& id, std::uint32_t attempt, task_progress& reported) {
        core_.progress(id, attempt, std::move(reported));
      },
      [this](done_atom, const task_id& id, std::uint32_t attempt, work_outcome& outcome) {
        take_outcome(id, attempt, outcome);
      },
      [this](peer_up_atom, const node_offer& offer) {
        add_node(offer);
        settle();
      },
      [this](peer_down_atom, const std::string& node) {
        lose_node(node, "node " + node + " was lost");
        settle();
      },
      [this](pressure_atom, pressure_level level) {
        core_.set_pressure(level, now());
        settle();
      },
      [this](wake_atom) { wake(); },
  };
}

instant task_dispatcher_state::now() const {
  return {.steady = self_->clock().now(), .unix_time = options_.unix_time()};
}

// -- askers -----------------------------------------------------------------

expected<task_dispatcher_state::admitted> task_dispatcher_state::admit(task_request& request,
                                                                       bool refusable) {
  const auto lane_asked = request.lane_override.value_or(lane::interactive);
  auto resolved = resolver_.resolve(std::move(request));
  if (!resolved) {
    core_.table().count_refusal(lane_asked, refusal_reason::invalid);
    return resolved.error();
  }
  auto& order = resolved->order;
  if (!order.key.empty()) {
    const auto known = core_.find_key(order, now());
    if (known.verdict == key_verdict::same)
      return admitted{.id = known.id, .is_new = false};
    if (known.verdict == key_verdict::different) {
      return error{errc::key_reused, "admit " + order.target +
                                         ": this idempotency key stands for another request, "
                                         "that of task " +
                                         to_string(known.id)};
    }
  }
  order.route = route_of(*resolved);
  order.is_refusable = refusable;
  const auto accepted = core_.submit(std::move(order), now());
  if (!accepted)
    return accepted.error();
  return admitted{.id = (*accepted)->id};
}

bool task_dispatcher_state::is_safe(const task_id& id) {
  const auto* entry = core_.table().find(id);
  return entry == nullptr || dispatch_core::is_safe(*entry);
}

caf::result<task_record> task_dispatcher_state::submit(task_request& request) {
  // The answer to this is that it was accepted, which has to stay true.
  if (!request.durable)
    request.durable = true;
  const auto accepted = admit(request);
  if (!accepted)
    return to_caf_error(accepted.error());
  const auto& id = accepted->id;
  if (!accepted->is_new && is_safe(id))
    return answer_known(id, false);
  if (accepted->is_new && is_safe(id)) {
    auto record = core_.table().find(id)->record;
    core_.pump_task(id, now());
    return record;
  }
  auto answer = self_->make_response_promise<task_record>();
  interests_.add_acceptance(id, answer);
  core_.pump_task(id, now());
  return answer;
}

caf::result<task_record> task_dispatcher_state::run(task_request& request) {
  const auto accepted = admit(request);
  if (!accepted)
    return to_caf_error(accepted.error());
  if (!accepted->is_new)
    return answer_known(accepted->id, true);
  auto answer = self_->make_response_promise<task_record>();
  interests_.add(accepted->id, answer);
  core_.pump_task(accepted->id, now());
  return answer;
}

caf::result<void> task_dispatcher_state::submit_observed(task_request& request,
                                                         const observer_ref& who) {
  const auto accepted = admit(request);
  if (!accepted) {
    who.observer->on_refused(accepted.error());
    return to_caf_error(accepted.error());
  }
  const auto& id = accepted->id;
  if (!accepted->is_new)
    return watch(id, who);
  interests_.add(id, who.observer);
  if (is_safe(id))
    who.observer->on_change(core_.table().find(id)->record);
  core_.pump_task(id, now());
  return caf::unit;
}

caf::result<void> task_dispatcher_state::watch(const task_id& id, const observer_ref& who) {
  const auto* entry = core_.table().find(id);
  if (entry == nullptr)
    return watch_ended(id, who);
  if (entry->is_unsure) {
    who.observer->on_refused(unsure(id));
    return to_caf_error(unsure(id));
  }
  const auto& record = entry->record;
  const bool has_ended = is_terminal(record.state) && dispatch_core::is_safe(*entry);
  if (!has_ended && !interests_.add(id, who.observer)) {
    const error full{errc::overloaded, "watch task: it has " +
                                           std::to_string(task_interests::observers_max) +
                                           " observers already"};
    who.observer->on_refused(full);
    return to_caf_error(full);
  }
  if (has_ended || !is_terminal(record.state))
    who.observer->on_change(record);
  return caf::unit;
}

caf::result<task_record> task_dispatcher_state::lookup(const task_id& id) {
  core_.table().forget_old(now().steady);
  return answer_known(id, false);
}

/// An end that is not journalled yet has not happened for those who ask.
caf::result<task_record> task_dispatcher_state::answer_known(const task_id& id, bool with_its_end) {
  const auto* entry = core_.table().find(id);
  if (entry == nullptr)
    return look_in_journal(id);
  if (entry->is_unsure)
    return to_caf_error(unsure(id));
  const bool has_ended = is_terminal(entry->record.state);
  if (has_ended ? dispatch_core::is_safe(*entry) : !with_its_end)
    return entry->record;
  auto answer = self_->make_response_promise<task_record>();
  interests_.add(id, answer);
  return answer;
}

caf::result<task_record> task_dispatcher_state::cancel(const task_id& id,
                                                       const std::string& reason) {
  if (core_.table().find(id) == nullptr)
    return look_in_journal(id);
  const auto record = core_.cancel(id, reason, now());
  if (!record)
    return to_caf_error(record.error());
  return answer_known(id, true);
}

std::vector<task_record> task_dispatcher_state::list() const {
  std::vector<task_record> records;
  for (const auto* entry : core_.table().list(options_.list_max)) {
    auto& record = records.emplace_back(entry->record);
    record.result.reset();  // Thousands of results could be any size.
    if (is_terminal(record.state) && !dispatch_core::is_safe(*entry))
      hide_end(record);
  }
  return records;
}

dispatcher_status task_dispatcher_state::status() {
  auto seen = core_.status(now().steady);
  for (const auto& [address, id] : local_runners_) {
    const bool is_worker = std::get<local_runner>(runners_.at(id)).kind == executor_kind::worker;
    ++(is_worker ? seen.batch : seen.interactive).executors;
  }
  return seen;
}

caf::result<void> task_dispatcher_state::drain() {
  core_.drain();
  drains_.push_back(self_->make_response_promise<void>());
  return drains_.back();
}

caf::result<void> task_dispatcher_state::suspend() {
  core_.suspend(now());
  return drain();
}

// -- upkeep -----------------------------------------------------------------

void task_dispatcher_state::on_change(const task_record& record) {
  interests_.tell(record);
}

void task_dispatcher_state::on_accepted(const task_record& record) {
  interests_.accepted(record);
}

void task_dispatcher_state::on_unsure(const task_record& record, const error& why) {
  interests_.fail(record.id,
                  {errc::unavailable, "journal task " + to_string(record.id) + ": " + why.context});
}

void task_dispatcher_state::finish(const task_id& id, std::uint32_t attempt,
                                   expected<std::string> outcome, std::optional<duration> ran) {
  core_.complete(id, attempt, std::move(outcome), now(), ran);
  settle();
}

void task_dispatcher_state::wake() {
  timer_due_.reset();
  core_.expire(now());
  if (core_.needs_relief())
    core_.relieve(now());
  look_for_agents();
  look_for_stalls();
  run_schedules();
  settle();
}

void task_dispatcher_state::settle() {
  // Giving one back may start others that cannot begin either.
  while (!unstarted_.empty()) {
    for (const auto& [id, attempt] : std::exchange(unstarted_, {}))
      core_.give_back(id, attempt, now());
  }
  commit_next();
  if (core_.draining() && core_.idle()) {
    for (auto& answer : std::exchange(drains_, {}))
      answer.deliver();
  }
  arm_timer();
}

/// When there is something to do next without a message; empty: never.
std::optional<time_point> task_dispatcher_state::next_due() const {
  const auto present = self_->clock().now();
  std::optional<time_point> due;
  const auto by = [&due](time_point when) { due = due ? std::min(*due, when) : when; };
  if (const auto deadline = core_.next_deadline())
    by(*deadline);
  if (const auto retry = outbox_.retry_at())
    by(*retry);
  if (schedules_.size() > 0)
    by(present + timer_reach);  // Looked at often, because the wall clock may jump.
  const bool agent_is_missing = std::ranges::any_of(runners_, [](const auto& entry) {
    const auto* agent = std::get_if<agent_runner>(&entry.second);
    return agent != nullptr && agent->waits_for_restart;
  });
  if (due && agent_is_missing)
    by(present + agent_look_interval);
  if (due && core_.needs_relief())
    by(present + relief_interval);
  return due;
}

void task_dispatcher_state::arm_timer() {
  const auto next = next_due();
  if (!next)
    return;
  const auto present = self_->clock().now();
  const auto due = std::clamp(*next, present + timer_grain, present + timer_reach);
  if (timer_due_ && *timer_due_ <= due)
    return;
  timer_due_ = due;
  caf::delayed_anon_send<caf::message_priority::high>(caf::actor_cast<dispatcher_actor>(self_),
                                                      due - present, wake_atom_v);
}

}  // namespace libagent::actors
