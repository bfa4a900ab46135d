// The part of the dispatcher's core that brings durable tasks back, and leaves them to the journal.

#include "libagent/tasks/dispatch_core.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace libagent {

namespace {

/// How long a task has yet to wait. A wall clock that was set back meanwhile does not lengthen a
/// pause: it began no earlier than the task's last run.
std::chrono::milliseconds pause_left(const stored_task& stored, const instant& now) {
  const auto began = stored.now.started_at.value_or(stored.task.accepted_at);
  const auto whole = stored.now.not_before - began;
  return std::chrono::milliseconds{std::min(stored.now.not_before - now.unix_time, whole)};
}

}  // namespace

// -- coming back ------------------------------------------------------------

void dispatch_core::restore_key(const journal_key& used) {
  keys_.add(used.client, used.key, used.id, used.fingerprint, used.accepted_at);
}

void dispatch_core::restore(const stored_task& stored, expected<task_order> order,
                            const past_run& past, const instant& now) {
  const bool is_known = order.has_value();
  const auto why_not = is_known ? std::string{} : to_string(order.error());
  auto& entry = table_.restore(
      stored, is_known ? *std::move(order) : task_order{.target = stored.task.target}, now);
  entry.is_durable = true;
  entry.is_suspect = past.suspect || past.crashed || stored.now.crashes > 0;
  if (!is_known) {
    table_.end_dead(entry, {errc::not_found, "run " + stored.task.target + " again: " + why_not},
                    now);
    return tell(entry, now);
  }
  if (stored.now.state == task_state::running)
    return void_run(entry, past, now);
  if (const auto pause = pause_left(stored, now); pause > std::chrono::milliseconds{0})
    table_.delay(entry, pause, now);
}

/// The run of a process that is gone: it counted when it began.
void dispatch_core::void_run(task_entry& entry, const past_run& past, const instant& now) {
  if (past.crashed)
    ++entry.record.crashes;
  const auto report =
      past.report.empty() ? std::string{"the process ended while it ran"} : past.report;
  const auto& target = entry.record.target;
  if (entry.task_effects == effects::once) {
    table_.end_dead(
        entry,
        {errc::crashed,
         "run " + target + ": may have had its effects and is never run twice: " + report},
        now);
  } else if (past.crashed && entry.record.crashes >= table_.limits().attempts_max) {
    table_.end_dead(
        entry,
        {errc::crashed, "run " + target + ": gave up after " +
                            std::to_string(entry.record.crashes) + " crashes: " + report},
        now);
  } else {
    entry.record.note = "run again: " + report;
  }
  tell(entry, now);
}

expected<const task_record*> dispatch_core::revive(const stored_task& stored, task_order order,
                                                   const instant& now) {
  const auto id = stored.task.id;
  const auto refuse = [&](errc code, const std::string& why) -> expected<const task_record*> {
    return error{code, "run task " + to_string(id) + " again: " + why};
  };
  if (auto* known = table_.find(id)) {
    if (!is_terminal(known->record.state))
      return refuse(errc::invalid_argument, "it has not ended");
    if (!is_safe(*known) || pool_.find(id) != nullptr)
      return refuse(errc::unavailable, "its last run has not ended yet");
  }
  if (stored.task.task_effects == effects::once && stored.now.attempt > 0)
    return refuse(errc::invalid_argument, "it may have had its effects; submit it anew instead");
  if (stored.is_damaged)
    return refuse(errc::corrupt, "the journal lost a part of it");
  if (!journal_works())
    return refuse(errc::unavailable, "the journal cannot be written");
  if (auto* known = table_.find(id))
    table_.forget(*known);
  auto again = stored;
  again.now.crashes = 0;
  again.now.failures = 0;
  again.now.note = "run again on request";
  again.task.deadline = now.unix_time + order.timeout.count();
  auto& entry = table_.restore(again, std::move(order), now);
  entry.is_durable = true;
  entry.fingerprint = stored.task.fingerprint;
  if (outbox_ != nullptr) {
    // As a new task with the same id, since what was accepted never changes, the deadline included.
    outbox_->write(write_purged{.id = id}, {});
    write_acceptance(entry, false);
  }
  tell(entry, now);
  return &entry.record;
}

expected<void> dispatch_core::purge(const task_id& id, journal_outbox::effect then) {
  if (auto* known = table_.find(id)) {
    if (!is_terminal(known->record.state) || !is_safe(*known))
      return error{errc::invalid_argument, "purge task " + to_string(id) + ": it has not ended"};
    if (!known->record.key.empty())
      keys_.remove(known->record.client, known->record.key, id);
    table_.forget(*known);
  }
  if (outbox_ != nullptr)
    outbox_->write(write_purged{.id = id}, std::move(then));
  return {};
}

// -- shutting down ----------------------------------------------------------

bool dispatch_core::idle() const {
  if (outbox_ == nullptr)
    return table_.live() == 0 && pool_.leases() == 0;
  return (suspended_ || pool_.leases() == 0) && table_.running().size() == 0 && outbox_->idle() &&
         !table_.any_queued([this](const task_entry& entry) { return !is_journalled(entry); });
}

void dispatch_core::suspend(const instant& now) {
  draining_ = true;
  suspended_ = true;
  for (const auto* held : pool_.not_handed_out()) {
    const auto id = held->id;
    auto& entry = *table_.find(id);
    take_back(entry, now);
    table_.park(entry);
    tell(entry, now);
  }
  stop_runs(now);
  end_waiting(now);
}

void dispatch_core::stop_runs(const instant& now) {
  while (auto* entry = table_.running().front()) {
    if (auto* held = pool_.find(entry->record.id)) {
      held->stop.request_stop();
      listener_.on_stop(*held, entry->record);
    }
    const auto& target = entry->record.target;
    if (!is_journalled(*entry)) {
      table_.end(*entry, error{errc::cancelled, "run " + target + ": this node is shutting down"},
                 now);
    } else if (entry->task_effects == effects::once) {
      table_.end_dead(*entry,
                      {errc::cancelled, "run " + target +
                                            ": the node shut down while it ran, and it may have "
                                            "had its effects and is never run twice"},
                      now);
    } else {
      entry->record.note = "stopped when the node shut down";
      table_.requeue(*entry, now);
      table_.park(*entry);
    }
    tell(*entry, now);
  }
}

/// What waits and is not journalled would wait for nobody.
void dispatch_core::end_waiting(const instant& now) {
  for (const auto* each : table_.list(table_.size())) {
    auto* entry = table_.find(each->record.id);
    if (entry->record.state != task_state::queued || is_journalled(*entry))
      continue;
    stop_running(*entry,
                 {errc::cancelled, "run " + entry->record.target + ": this node is shutting down"},
                 now);
  }
}

}  // namespace libagent
