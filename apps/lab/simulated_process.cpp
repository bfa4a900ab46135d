#include "apps/lab/simulated_process.hpp"

#include "libagent/tasks/stored_record.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace libagent::lab {

namespace {

constexpr std::uint32_t sim_routes = 3;

task_limits limits_of(std::uint64_t incarnation) {
  task_limits limits;
  limits.incarnation = incarnation;
  return limits;
}

}  // namespace

simulated_process::simulated_process(const makings& from)
    : from_{from},
      core{limits_of(from.incarnation), [this] { return from_.dice.draw(); }, *this, nullptr,
           &outbox} {
  for (std::uint32_t i = 0; i < sim_routes; ++i)
    (void)core.add_route();
}

task_order simulated_process::order_for(std::size_t job) const {
  const auto& what = from_.plan.jobs.at(job);
  task_order order{.target = "t",
                   .arguments = std::to_string(job),
                   .task_lane = what.in_lane,
                   .task_effects = what.what,
                   .timeout = what.timeout,
                   .route = what.route,
                   .client = job % 2 == 0 ? "a" : "b",
                   .durable = what.is_durable,
                   .fingerprint = job};
  if (what.is_keyed)
    order.key = order.arguments;
  return order;
}

void simulated_process::resume(const std::vector<past_crash>& crashes, const instant& now) {
  const auto found = from_.disk.load();
  for (const auto& used : found.keys)
    core.restore_key(used);
  for (const auto& stored : found.tasks) {
    const auto job = job_of(*stored.task.arguments);
    const auto& what = from_.plan.jobs.at(job);
    const auto past = judge_past_run(stored, from_.incarnation, crashes, what.runs_apart);
    if (what.tool_vanishes) {
      core.restore(stored, error{errc::not_found, "no tool has that name"}, past, now);
    } else {
      core.restore(stored, order_for(job), past, now);
    }
  }
}

// -- askers -----------------------------------------------------------------

void simulated_process::submit(std::size_t job, const instant& now) {
  auto order = order_for(job);
  if (!order.key.empty()) {
    const auto known = core.find_key(order, now);
    if (known.verdict == key_verdict::same)
      return answer_known(job, known.id, true);
    if (known.verdict == key_verdict::different)
      from_.ledger.fail("job " + std::to_string(job) + ": its key stands for something else");
  }
  const auto accepted = core.submit(std::move(order), now);
  if (!accepted)
    return from_.surroundings.tell_refused(job, true);
  const auto id = (*accepted)->id;
  interests_.push_back(
      {.id = id, .job = job, .awaits_acceptance = from_.plan.jobs[job].is_durable});
  core.pump_task(id, now);
}

void simulated_process::submit_otherwise(std::size_t job, const instant& now) {
  auto order = order_for(job);
  order.fingerprint += 1'000;
  const auto known = core.find_key(order, now);
  const bool is_promised = from_.ledger.id_of(job).has_value();
  if (known.verdict == key_verdict::same ||
      (is_promised && known.verdict != key_verdict::different))
    from_.ledger.fail("job " + std::to_string(job) + ": another body under its key is not refused");
}

/// As the answer to a submit it says that the task was accepted, which must be true by then.
void simulated_process::answer_known(std::size_t job, const task_id& id, bool wants_acceptance) {
  const auto* entry = core.table().find(id);
  if (entry == nullptr)
    return answer_from_disk(job, id);
  if (entry->is_unsure)
    return from_.surroundings.tell_refused(job, false);
  const bool is_safe = dispatch_core::is_safe(*entry);
  if (is_terminal(entry->record.state) && is_safe)
    return from_.surroundings.tell_end(job, entry->record);
  if (wants_acceptance && is_safe)
    from_.surroundings.tell_accepted(job, id);
  if (const auto known = find_interest(id)) {
    interests_[*known].awaits_acceptance |= wants_acceptance && !is_safe;
  } else {
    interests_.push_back({.id = id, .job = job, .awaits_acceptance = wants_acceptance && !is_safe});
  }
}

void simulated_process::answer_from_disk(std::size_t job, const task_id& id) {
  const auto* kept = from_.disk.find(id);
  if (kept == nullptr)
    return from_.surroundings.tell_unknown(job, id);
  if (is_terminal(kept->now.state))
    return from_.surroundings.tell_end(job, record_of(*kept));
}

void simulated_process::look_up(std::size_t job, const task_id& id) {
  answer_known(job, id, false);
}

void simulated_process::cancel(const task_id& id, const instant& now) {
  if (core.table().find(id) != nullptr)
    (void)core.cancel(id, "by its client", now);
}

void simulated_process::wake(const instant& now) {
  core.expire(now);
  if (core.needs_relief())
    core.relieve(now);
}

std::optional<time_point> simulated_process::next_due(const instant& now) const {
  std::optional<time_point> due = core.next_deadline();
  const auto by = [&due](time_point when) { due = due ? std::min(*due, when) : when; };
  if (const auto retry = outbox.retry_at())
    by(*retry);
  if (due && core.needs_relief())
    by(now.steady + std::chrono::milliseconds{100});
  return due;
}

// -- the core's wishes ------------------------------------------------------

std::optional<std::size_t> simulated_process::find_interest(const task_id& id) const {
  const auto found = std::ranges::find(interests_, id, &interest::id);
  return found == interests_.end()
             ? std::nullopt
             : std::optional{static_cast<std::size_t>(found - interests_.begin())};
}

void simulated_process::on_start(const task_entry& task, const lease& held) {
  if (task.is_durable)
    from_.ledger.check_counted(from_.disk, held.id, held.attempt);
  from_.surroundings.hand_out(job_of(*task.arguments), task, held);
}

void simulated_process::on_stop(const lease& held, const task_record&) {
  from_.surroundings.stop(held);
}

void simulated_process::on_change(const task_record& record) {
  if (core.table().find(record.id)->is_durable)
    from_.ledger.check_told(from_.disk, record);
  const auto known = find_interest(record.id);
  if (!known)
    return;
  auto& who = interests_[*known];
  if (std::exchange(who.awaits_acceptance, false))
    from_.surroundings.tell_accepted(who.job, record.id);
  if (!is_terminal(record.state))
    return;
  from_.surroundings.tell_end(who.job, record);
  interests_.erase(interests_.begin() + static_cast<std::ptrdiff_t>(*known));
}

void simulated_process::on_accepted(const task_record& record) {
  from_.ledger.check_told(from_.disk, record);
  const auto known = find_interest(record.id);
  if (known && std::exchange(interests_[*known].awaits_acceptance, false))
    from_.surroundings.tell_accepted(interests_[*known].job, record.id);
}

void simulated_process::on_unsure(const task_record& record, const error&) {
  const auto known = find_interest(record.id);
  if (!known)
    return;
  from_.surroundings.tell_refused(interests_[*known].job, false);
  interests_.erase(interests_.begin() + static_cast<std::ptrdiff_t>(*known));
}

// -- checks -----------------------------------------------------------------

void simulated_process::check_counters() {
  const auto& table = core.table();
  const auto& interactive = table.counters(lane::interactive);
  const auto& batch = table.counters(lane::batch);
  if (table.running().size() != interactive.running + batch.running)
    from_.ledger.fail("the counters of running tasks are wrong");
  if (table.live() != interactive.queued + batch.queued + interactive.running + batch.running)
    from_.ledger.fail("the counters of live tasks are wrong");
}

void simulated_process::check_rest() {
  check_counters();
  if (core.table().live() != 0)
    from_.ledger.fail(std::to_string(core.table().live()) + " tasks are left over");
  if (core.pool().leases() != 0)
    from_.ledger.fail(std::to_string(core.pool().leases()) + " leases are left over");
  if (!outbox.idle())
    from_.ledger.fail("the outbox is not empty");
}

}  // namespace libagent::lab
