#include "libagent/base/contract.hpp"
#include "libagent/tasks/schedule_book.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

// The part of the schedule book that deals with time.

namespace libagent {

namespace {

using std::chrono::milliseconds;

/// A wall clock that is set back by no more than this does not make a cron schedule count anew.
constexpr unix_millis step_back_max = 60'000;
/// The two clocks may come apart by this between two looks before it counts as a jump.
constexpr unix_millis jump_min = 1'000;
constexpr std::chrono::hours wall_wait_max{1};

unix_millis millis_between(time_point from, time_point to) {
  return std::chrono::duration_cast<milliseconds>(to - from).count();
}

/// From when on the time after a slot that just ran is sought.
unix_millis count_from(unix_millis slot, unix_millis now) {
  return slot > now && slot - now <= step_back_max ? slot : now;
}

}  // namespace

std::vector<const schedule*> schedule_book::note_clock(const instant& now) {
  std::vector<const schedule*> changed;
  if (last_noted_) {
    const auto wall = now.unix_time - last_noted_->unix_time;
    if (std::abs(wall - millis_between(last_noted_->steady, now.steady)) >= jump_min)
      follow_delays(now, changed);
  }
  last_noted_ = now;
  if (now.unix_time >= latest_wall_ - step_back_max) {
    latest_wall_ = std::max(latest_wall_, now.unix_time);
    return changed;
  }
  latest_wall_ = now.unix_time;
  for (auto& [id, each] : entries_) {
    if (each.steady_due)
      continue;
    dequeue(each);
    if (recount(each, now.unix_time))
      changed.push_back(&each.what);
    enqueue(each);
  }
  return changed;
}

// The steady clock decides when a delay is over; the wall-clock time is for people and restarts.
void schedule_book::follow_delays(const instant& now, std::vector<const schedule*>& changed) {
  for (const auto& [due, id] : by_steady_) {
    auto& each = entries_.at(id);
    if (!each.is_delay)
      continue;
    each.what.next_due = now.unix_time + millis_between(now.steady, due);
    changed.push_back(&each.what);
  }
}

// A time between now and the next due one has run already, as the next one is sought from there.
// So the clock was set back since; if by more than the least step, that time comes again.
bool schedule_book::recount(entry& counted, unix_millis now) {
  if (!counted.cron)
    return false;
  const auto passed = counted.cron->next_after(now + step_back_max);
  if (!passed || *passed >= counted.what.next_due)
    return false;
  counted.what.next_due = counted.cron->next_after(now).value_or(counted.what.next_due);
  return true;
}

std::vector<due_run> schedule_book::take_due(const instant& now) {
  std::vector<due_run> runs;
  while (runs.size() < limits_.due_max) {
    auto* due = first_due(now);
    if (due == nullptr)
      break;
    runs.push_back(run(*due, now.unix_time));
  }
  return runs;
}

schedule_book::entry* schedule_book::first_due(const instant& now) {
  if (!by_steady_.empty() && by_steady_.begin()->first <= now.steady)
    return &entries_.at(by_steady_.begin()->second);
  if (!by_wall_.empty() && by_wall_.begin()->first <= now.unix_time)
    return &entries_.at(by_wall_.begin()->second);
  return nullptr;
}

due_run schedule_book::run(entry& due, unix_millis now) {
  dequeue(due);
  due.steady_due.reset();
  due.is_delay = false;
  auto& what = due.what;
  due_run made{.request = what.request, .slot = what.next_due};
  ++what.runs;
  made.request.key = "schedule:" + to_string(what.id) + ':' + std::to_string(made.slot) + ':' +
                     std::to_string(what.runs);
  made.request.durable = true;
  const auto next = due.cron ? due.cron->next_after(count_from(made.slot, now)) : std::nullopt;
  made.is_over = !next;
  what.next_due = next.value_or(what.next_due);
  made.changed = what;
  enqueue(due);
  if (made.is_over)
    remove(what.id);
  return made;
}

void schedule_book::run_later(const due_run& run, time_point not_before) {
  const auto& id = run.changed.id;
  if (run.is_over) {
    LIBAGENT_EXPECTS(!entries_.contains(id));
    auto cron = cron_expression::parse(run.changed.cron);
    entry again{.what = run.changed};
    if (cron)
      again.cron = *cron;
    insert(std::move(again));
  }
  const auto found = entries_.find(id);
  if (found == entries_.end())
    return;
  auto& held = found->second;
  dequeue(held);
  held.what.next_due = run.slot;
  held.what.runs = run.changed.runs - 1;
  held.steady_due = not_before;
  enqueue(held);
}

std::optional<time_point> schedule_book::next_due(const instant& now) const {
  std::optional<time_point> due;
  if (!by_steady_.empty())
    due = std::max(by_steady_.begin()->first, now.steady);
  if (by_wall_.empty())
    return due;
  const milliseconds wait{std::max<unix_millis>(by_wall_.begin()->first - now.unix_time, 0)};
  const auto by_wall = now.steady + std::min<milliseconds>(wait, wall_wait_max);
  return due ? std::min(*due, by_wall) : by_wall;
}

}  // namespace libagent
