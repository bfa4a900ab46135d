// The part of the dispatcher that submits tasks when their time has come.

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/telemetry/journal_events.hpp"

#include <chrono>
#include <string_view>
#include <utility>

namespace libagent::actors {

namespace {

/// When a run that was refused for want of room is tried again.
constexpr auto refused_pause = std::chrono::seconds{1};

bool may_be_accepted_later(errc code) {
  return code == errc::overloaded || code == errc::rate_limited || code == errc::unavailable;
}

}  // namespace

void task_dispatcher_state::keep(journal_write what) {
  if (options_.journal)
    outbox_.write(std::move(what), {});
}

caf::result<schedule> task_dispatcher_state::plan(schedule_request& request) {
  auto trial = resolver_.resolve(request.request);
  if (!trial)
    return to_caf_error(trial.error());
  if (options_.journal && !core_.journal_works()) {
    return to_caf_error({errc::unavailable, "add schedule: the journal cannot be written: " +
                                                outbox_.trouble()->context});
  }
  const auto added = schedules_.add(std::move(request), now());
  if (!added)
    return to_caf_error(added.error());
  if (!options_.journal)
    return **added;
  auto answer = self_->make_response_promise<schedule>();
  outbox_.write(write_schedule{.what = **added},
                [answer, made = **added](const error* failure) mutable {
                  if (failure == nullptr) {
                    answer.deliver(made);
                  } else {
                    answer.deliver(to_caf_error(*failure));
                  }
                });
  return answer;
}

std::vector<schedule> task_dispatcher_state::list_plans() const {
  std::vector<schedule> all;
  for (const auto* each : schedules_.list())
    all.push_back(*each);
  return all;
}

caf::result<schedule> task_dispatcher_state::cancel_plan(const task_id& id) {
  const auto* found = schedules_.find(id);
  if (found == nullptr) {
    return to_caf_error(
        {errc::not_found, "remove schedule: no schedule has the id " + to_string(id)});
  }
  auto removed = *found;
  schedules_.remove(id);
  keep(write_schedule_removed{.id = id});
  return removed;
}

void task_dispatcher_state::run_schedules() {
  if (schedules_.size() == 0)
    return;
  for (const auto* moved : schedules_.note_clock(now()))
    keep(write_schedule{.what = *moved});
  for (auto& due : schedules_.take_due(now()))
    run_planned(due);
}

/// The task and the schedule that it came from are journalled together.
void task_dispatcher_state::run_planned(due_run& due) {
  auto changed = due.changed;
  const auto accepted = admit(due.request, false);
  if (!accepted && may_be_accepted_later(accepted.error().code))
    return schedules_.run_later(due, now().steady + refused_pause);
  if (accepted) {
    changed.last_task = accepted->id;
    schedules_.note_task(changed.id, accepted->id);
    core_.pump_task(accepted->id, now());
  } else {
    events_of(self_->system())
        .emit(events::schedule_failed, {{"schedule", std::string_view{changed.name}},
                                        {"reason", std::string_view{accepted.error().context}}});
  }
  if (due.is_over) {
    keep(write_schedule_removed{.id = changed.id});
  } else {
    keep(write_schedule{.what = std::move(changed)});
  }
}

}  // namespace libagent::actors
