// How a supervisor does what its core decides, and tells the core what happened.

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/supervisor_state.hpp"
#include "libagent/telemetry/actor_events.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace libagent::actors {

namespace {

exit_kind exit_kind_of(const caf::error& reason) {
  if (!reason || reason == caf::exit_reason::normal)
    return exit_kind::normal;
  return reason == caf::exit_reason::user_shutdown ? exit_kind::shutdown : exit_kind::failure;
}

std::string exit_text(const caf::error& reason) {
  if (!reason)
    return "normal";
  if (reason.category() == caf::type_id_v<caf::exit_reason>) {
    // CAF writes "caf::exit_reason::kill", later versions without the scope.
    const auto text = to_string(static_cast<caf::exit_reason>(reason.code()));
    return text.substr(text.rfind(':') + 1);
  }
  return to_string(from_caf_error(reason));
}

}  // namespace

void supervisor_state::on_down(const caf::down_msg& down) {
  if (abandoned_.erase(down.source.id()) != 0)
    return;
  const auto known = numbers_.find(down.source.id());
  if (known == numbers_.end())
    return;
  const auto number = known->second;
  auto& who = children_.at(number);
  take_leave_of(number, who);
  const auto how = exit_kind_of(down.reason);
  report_end(number, who, how, exit_text(down.reason));
  perform(core_.child_exited(number, how, now()));
}

void supervisor_state::perform(supervise::commands first) {
  std::deque<supervise::command> open{first.begin(), first.end()};
  while (!open.empty()) {
    const auto command = open.front();
    open.pop_front();
    const auto more = std::visit([this](const auto& order) { return obey(order); }, command);
    open.insert(open.end(), more.begin(), more.end());
  }
  set_timer();
}

supervise::commands supervisor_state::obey(const supervise::start& order) {
  auto& who = children_.at(order.child);
  try {
    who.handle = spawn_child(who);
  } catch (const std::exception& failure) {
    // Also a broken contract: it is the child's bug, so it is the child that fails.
    who.last_failure = std::string{"start failed: "} + failure.what();
    last_failure_ = who.spec.name + ": " + *who.last_failure;
    events_of(self_->system())
        .emit(events::child_start_failed, {{"child", std::string_view{path_of(who.spec.name)}},
                                           {"reason", std::string_view{*who.last_failure}},
                                           {"restarts", core_.restarts_of(order.child)}});
    return core_.start_failed(order.child, now());
  }
  welcome(order.child, who);
  return core_.child_started(order.child, now());
}

caf::actor supervisor_state::spawn_child(const child& which) {
  auto options = options_;
  options.seed = seeds_();
  options.describe_patience /= 2;
  start_context context{self_->system(), path_of(which.spec.name), options};
  auto handle = which.spec.start(context);
  if (!handle)
    throw std::runtime_error{"the factory returned no actor"};
  return handle;
}

void supervisor_state::welcome(child_number number, child& which) {
  (*up_)[number] = which.handle;
  numbers_[which.handle.id()] = number;
  // Should it have died already, the down message comes at once.
  self_->monitor<caf::message_priority::high>(which.handle);
  const auto path = path_of(which.spec.name);
  publish(self_->system(), path, caf::actor_cast<caf::strong_actor_ptr>(which.handle));
  events_of(self_->system())
      .emit(events::child_started, {{"child", std::string_view{path}},
                                    {"actor_id", std::uint64_t{which.handle.id()}},
                                    {"restarts", core_.restarts_of(number)}});
}

void supervisor_state::take_leave_of(child_number number, child& which) {
  retract(self_->system(), path_of(which.spec.name));
  numbers_.erase(which.handle.id());
  up_->erase(number);
  which.handle = nullptr;
}

void supervisor_state::report_end(child_number number, child& which, exit_kind how,
                                  const std::string& reason) {
  if (core_.is_ending() || core_.state_of(number) != child_state::running)
    return;  // It ended because we said so.
  const bool is_failure = should_restart(which.spec.rules.restart, how);
  if (is_failure) {
    which.last_failure = reason;
    last_failure_ = which.spec.name + ": " + reason;
  }
  events_of(self_->system())
      .emit(is_failure ? events::child_failed : events::child_ended,
            {{"child", std::string_view{path_of(which.spec.name)}},
             {"reason", std::string_view{reason}},
             {"restarts", core_.restarts_of(number)}});
}

supervise::commands supervisor_state::obey(const supervise::stop& order) {
  urgent_exit(children_.at(order.child).handle, caf::exit_reason::user_shutdown);
  return {};
}

supervise::commands supervisor_state::obey(const supervise::kill& order) {
  urgent_exit(children_.at(order.child).handle, caf::exit_reason::kill);
  return {};
}

supervise::commands supervisor_state::obey(const supervise::abandon& order) {
  auto& who = children_.at(order.child);
  const auto id = who.handle.id();
  abandoned_[id] = who.spec.name;
  take_leave_of(order.child, who);
  events_of(self_->system())
      .emit(events::child_abandoned,
            {{"child", std::string_view{path_of(who.spec.name)}}, {"actor_id", std::uint64_t{id}}});
  return {};
}

supervise::commands supervisor_state::obey(const supervise::forget& order) {
  auto node = children_.extract(order.child);
  for (auto& asker : node.mapped().stop_askers)
    asker.deliver();
  return {};
}

supervise::commands supervisor_state::obey(const supervise::finish& order) {
  const auto reason = reason_for(order.outcome);
  if (exit_kind_of(reason) == exit_kind::failure) {
    const auto path = own_path();
    const auto text = exit_text(reason);
    events_of(self_->system())
        .emit(events::supervisor_gave_up,
              {{"supervisor", std::string_view{path}}, {"reason", std::string_view{text}}});
  }
  for (auto& asker : shutdown_askers_)
    asker.deliver();
  if (find_any(self_->system(), own_path()) == caf::actor_cast<caf::strong_actor_ptr>(self_))
    retract(self_->system(), own_path());
  self_->quit(reason);
  return {};
}

caf::error supervisor_state::reason_for(supervision_outcome outcome) const {
  const auto what = "supervise " + own_path() + ": ";
  switch (outcome) {
    case supervision_outcome::shutdown:
    case supervision_outcome::auto_shutdown: return caf::exit_reason::user_shutdown;
    case supervision_outcome::start_failed:
      return to_caf_error({errc::unavailable, what + last_failure_});
    case supervision_outcome::gave_up: break;
  }
  const auto seconds = std::chrono::duration<double>{rules_.intensity.period}.count();
  return to_caf_error({errc::unavailable, what + "more than " +
                                              std::to_string(rules_.intensity.max_restarts) +
                                              " restarts within " + std::to_string(seconds) +
                                              " s, last failure: " + last_failure_});
}

void supervisor_state::set_timer() {
  const auto next = core_.next_tick();
  if (next == timer_due_)
    return;
  timer_.dispose();
  timer_due_ = next;
  if (!next)
    return;
  timer_ = self_->run_delayed(std::max(*next - now(), duration::zero()), [this] {
    timer_due_.reset();
    perform(core_.tick(now()));
  });
}

}  // namespace libagent::actors
