// The part of the dispatcher's core that keeps durable tasks: what is written when, what waits for
// it, and how tasks come back.

#include "libagent/base/contract.hpp"
#include "libagent/tasks/dispatch_core.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace libagent {

namespace {

std::string note_of_retry(const error& why, std::uint32_t failures, const retry_policy& policy) {
  return "run again after failure " + std::to_string(failures) + " of at most " +
         std::to_string(policy.attempts_max) + ": " + to_string(why);
}

}  // namespace

bool dispatch_core::is_journalled(const task_entry& entry) const {
  return outbox_ != nullptr && entry.is_durable;
}

bool dispatch_core::journal_works() const {
  return outbox_ == nullptr || !outbox_->trouble();
}

/// A run that could not be journalled would not count.
bool dispatch_core::must_wait(const task_entry& entry) const {
  return suspended_ || (is_journalled(entry) && (draining_ || !journal_works()));
}

journal_state dispatch_core::state_of(const task_entry& entry) const {
  const auto& record = entry.record;
  journal_state now{.state = record.state,
                    .attempt = record.attempt,
                    .failures = entry.failures,
                    .crashes = record.crashes,
                    .owner = record.state == task_state::running ? table_.limits().incarnation : 0,
                    .started_at = record.started_at,
                    .ended_at = record.ended_at,
                    .note = record.note,
                    .node = record.node,
                    .cache = record.cache,
                    .failure = record.failure,
                    .result = record.result};
  if (record.state == task_state::queued && entry.place == task_place::delayed)
    now.not_before = entry.not_before_unix;
  return now;
}

void dispatch_core::write_acceptance(task_entry& entry, bool refusable) {
  const auto& record = entry.record;
  if (!record.key.empty())
    keys_.add(record.client, record.key, record.id, entry.fingerprint, record.accepted_at);
  journal_task task{.id = record.id,
                    .target = record.target,
                    .arguments = entry.arguments,
                    .task_lane = record.task_lane,
                    .task_effects = entry.task_effects,
                    .timeout = entry.timeout,
                    .accepted_at = record.accepted_at,
                    .deadline = record.deadline,
                    .level = record.level,
                    .client = record.client,
                    .key = record.key,
                    .fingerprint = entry.fingerprint,
                    .parent = record.parent.value_or(task_id{}),
                    .trace = record.trace};
  ++entry.unwritten;
  outbox_->write(write_accepted{.task = std::move(task), .refusable = refusable},
                 [this, id = record.id](const error* failure) { accepted(id, failure); });
}

void dispatch_core::accepted(const task_id& id, const error* failure) {
  auto* entry = table_.find(id);
  if (entry == nullptr)
    return;
  --entry->unwritten;
  if (failure == nullptr) {
    // Its end is written behind this, and tells that it was accepted, too.
    if (!is_terminal(entry->record.state))
      listener_.on_accepted(entry->record);
    return;
  }
  listener_.on_unsure(entry->record, *failure);
  retract(*entry);
}

key_finding dispatch_core::find_key(const task_order& order, const instant& now) {
  keys_.forget_old(now.unix_time);
  return keys_.find(order.client, order.key, order.fingerprint);
}

/// An accept that could not be journalled: it never was.
void dispatch_core::retract(task_entry& entry) {
  if (!entry.record.key.empty())
    keys_.remove(entry.record.client, entry.record.key, entry.record.id);
  if (entry.record.state == task_state::running)
    take_back(entry, effects_at_);
  if (entry.record.state == task_state::queued) {
    table_.retract(entry);
  } else {
    table_.forget(entry);
  }
}

void dispatch_core::take_back(task_entry& entry, const instant& now) {
  if (const auto over = pool_.release(entry.record.id, entry.record.attempt))
    release(*over, false, now.steady);
  table_.give_back(entry, now);
}

// -- telling ----------------------------------------------------------------

void dispatch_core::tell(task_entry& entry, const instant& now) {
  if (is_journalled(entry)) {
    ++entry.unwritten;
    outbox_->write(write_state{.id = entry.record.id, .now = state_of(entry)},
                   [this, id = entry.record.id](const error* failure) { told(id, failure); });
  } else {
    listener_.on_change(entry.record);
  }
  if (is_terminal(entry.record.state))
    note_end(entry, now);
}

/// An end that is not journalled yet must not be seen behind an earlier change.
void dispatch_core::told(const task_id& id, const error* failure) {
  auto* entry = table_.find(id);
  if (entry == nullptr)
    return;
  --entry->unwritten;
  if (failure != nullptr) {
    entry->is_unsure = true;
    return listener_.on_unsure(entry->record, *failure);
  }
  if (!is_terminal(entry->record.state) || is_safe(*entry))
    listener_.on_change(entry->record);
}

void dispatch_core::hand_out(task_entry& entry, lease& held) {
  pool_.hand_out(held);
  listener_.on_start(entry, held);
}

/// By the lease, as an attempt that never began gives its number to the next one.
void dispatch_core::begin(const task_id& id, std::uint64_t lease_number, const error* failure) {
  auto* held = pool_.find(id);
  auto* entry = table_.find(id);
  if (failure == nullptr && entry != nullptr && held != nullptr && held->number == lease_number)
    hand_out(*entry, *held);
  told(id, failure);
}

// -- trying again -----------------------------------------------------------

bool dispatch_core::try_again(task_entry& entry, const error& why, const instant& now) {
  if (entry.task_effects == effects::once || suspended_ || !may_pass(why.code, entry.retry) ||
      entry.failures + 1 >= entry.retry.attempts_max)
    return false;
  const auto pause = retry_delay(entry.retry, entry.failures + 1, why, table_.draw());
  if (now.steady + pause >= entry.deadline)
    return false;
  if (!budget_.try_retry(entry.record.target)) {
    entry.record.note = "not run again: the tool's budget of retries is used up";
    return false;
  }
  ++entry.failures;
  entry.record.note = note_of_retry(why, entry.failures, entry.retry);
  table_.delay(entry, pause, now);
  return true;
}

void dispatch_core::crash(task_entry& entry, const error& why, const instant& now) {
  if (table_.lose(entry, why, now)) {
    entry.is_suspect = true;
    entry.record.note =
        "run again after crash " + std::to_string(entry.record.crashes) + ": " + why.context;
  }
  tell(entry, now);
}

// -- commits ----------------------------------------------------------------

void dispatch_core::journal_committed(std::uint64_t number, const instant& now) {
  effects_at_ = now;
  const bool worked = journal_works();
  outbox_->committed(number);
  if (!worked && journal_works() && table_.unpark_all())
    pump_all(now);
}

void dispatch_core::journal_failed(std::uint64_t number, const error& why, const instant& now) {
  effects_at_ = now;
  outbox_->failed(number, why, now.steady);
  // What waits for its commit would keep executors from tasks that need none.
  for (const auto* held : pool_.not_handed_out()) {
    const auto id = held->id;
    auto* entry = table_.running_attempt(id, held->attempt);
    if (entry == nullptr)
      continue;
    take_back(*entry, now);
    table_.park(*entry);
    if (!outbox_->is_broken())
      tell(*entry, now);
  }
  pump_all(now);
}

}  // namespace libagent
