// The half of the table that knows where each task is: in a queue, beside it, or running.

#include "libagent/base/contract.hpp"
#include "libagent/tasks/task_table.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t place_of(lane which) {
  return static_cast<std::size_t>(which);
}

}  // namespace

task_table::route_queues& task_table::queues_of(route_id route) {
  while (route >= queues_.size())
    queues_.emplace_back(&limits_.weights);
  return queues_[route];
}

const fair_queue& task_table::queue_of(route_id route, lane which) {
  return queues_of(route).by_lane[place_of(which)];
}

fair_queue& task_table::queue_for(const task_entry& entry) {
  return queues_of(entry.route).by_lane[place_of(entry.record.task_lane)];
}

void task_table::enqueue(task_entry& entry, bool in_front) {
  add_to_queue(entry, in_front);
  note_queued(entry);
}

void task_table::add_to_queue(task_entry& entry, bool in_front) {
  auto& queue = queue_for(entry);
  if (in_front) {
    queue.push_front(entry, entry.cost);
  } else {
    queue.push_back(entry, entry.cost);
  }
  entry.place = task_place::queue;
}

void task_table::note_queued(const task_entry& entry) {
  auto& counters = lane_of(entry);
  ++counters.queued;
  counters.queued_bytes += entry.charge_bytes;
  if (!entry.record.client.empty())
    ++waiting_by_client_[place_of(entry.record.task_lane)][entry.record.client];
}

void task_table::leave_queue(task_entry& entry, bool to_start) {
  if (to_start && entry.place == task_place::queue) {
    queue_for(entry).take(entry);
  } else {
    leave_place(entry);
  }
  auto& counters = lane_of(entry);
  --counters.queued;
  counters.queued_bytes -= entry.charge_bytes;
  auto& clients = waiting_by_client_[place_of(entry.record.task_lane)];
  if (const auto own = clients.find(entry.record.client);
      own != clients.end() && --own->second == 0)
    clients.erase(own);
}

void task_table::leave_place(task_entry& entry) {
  switch (entry.place) {
    case task_place::queue: return queue_for(entry).remove(entry);
    case task_place::parked: return leave_parked(entry);
    case task_place::children: return parents_.remove(entry);
    case task_place::delayed: {
      const auto [first, last] = delayed_.equal_range(entry.not_before);
      const auto own =
          std::find_if(first, last, [&entry](const auto& at) { return at.second == &entry; });
      LIBAGENT_EXPECTS(own != last);
      delayed_.erase(own);
    }
  }
}

void task_table::park(task_entry& entry) {
  LIBAGENT_EXPECTS(entry.record.state == task_state::queued && entry.place == task_place::queue);
  queue_for(entry).remove(entry);
  parked_.push_back(entry);
  entry.place = task_place::parked;
  parked_cost_[entry.route] += entry.cost;
  ++lane_of(entry).parked;
}

void task_table::leave_parked(task_entry& entry) {
  parked_.remove(entry);
  parked_cost_[entry.route] -= entry.cost;
  --lane_of(entry).parked;
}

duration task_table::parked_cost(route_id route) const {
  const auto found = parked_cost_.find(route);
  return found == parked_cost_.end() ? duration::zero() : found->second;
}

bool task_table::unpark_all() {
  const bool any = parked_.front() != nullptr;
  // The youngest first, because each goes in front of the others.
  while (auto* entry = parked_.back()) {
    leave_parked(*entry);
    add_to_queue(*entry, true);
  }
  return any;
}

task_entry* task_table::next_queued(route_id route, bool with_batch) const {
  if (route >= queues_.size())
    return nullptr;
  const auto& [interactive, batch] = queues_[route].by_lane;
  if (auto* first = interactive.front())
    return first;
  return with_batch ? batch.front() : nullptr;
}

void task_table::start(task_entry& entry, const instant& now) {
  LIBAGENT_EXPECTS(entry.record.state == task_state::queued);
  leave_queue(entry, true);
  running_.push_back(entry);
  ++lane_of(entry).running;
  ++entry.record.attempt;
  entry.record.state = task_state::running;
  entry.record.started_at = now.unix_time;
  entry.since = now.steady;
}

/// What ends with a run after which the task waits again.
void task_table::stop_run(task_entry& entry, const instant& now) {
  LIBAGENT_EXPECTS(entry.record.state == task_state::running);
  running_.remove(entry);
  --lane_of(entry).running;
  entry.record.state = task_state::queued;
  entry.record.progress.reset();
  entry.record.node.clear();
  entry.is_preempted = false;
  entry.since = now.steady;
}

void task_table::requeue(task_entry& entry, const instant& now) {
  stop_run(entry, now);
  enqueue(entry, true);
}

void task_table::delay(task_entry& entry, duration delay, const instant& now) {
  if (entry.record.state == task_state::running) {
    stop_run(entry, now);
  } else {
    leave_queue(entry, false);
  }
  entry.not_before = now.steady + delay;
  entry.not_before_unix =
      now.unix_time + std::chrono::ceil<std::chrono::milliseconds>(delay).count();
  entry.place = task_place::delayed;
  delayed_.emplace(entry.not_before, &entry);
  note_queued(entry);
}

std::vector<task_entry*> task_table::take_delayed(time_point now) {
  std::vector<task_entry*> due;
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    auto& entry = *delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    add_to_queue(entry, true);
    due.push_back(&entry);
  }
  return due;
}

std::optional<time_point> task_table::next_delayed() const {
  return delayed_.empty() ? std::nullopt : std::optional{delayed_.begin()->first};
}

void task_table::wait_for_children(task_entry& entry, const instant& now) {
  if (entry.record.state == task_state::running) {
    stop_run(entry, now);
  } else {
    leave_queue(entry, false);
  }
  note_queued(entry);
  entry.place = task_place::children;
  parents_.push_back(entry);
}

void task_table::resume(task_entry& entry, const instant& now) {
  LIBAGENT_EXPECTS(entry.place == task_place::children);
  parents_.remove(entry);
  entry.since = now.steady;
  add_to_queue(entry, true);
}

void task_table::give_back(task_entry& entry, const instant& now) {
  requeue(entry, now);
  if (--entry.record.attempt == 0)
    entry.record.started_at.reset();
}

void task_table::set_back(task_entry& entry, const instant& now) {
  entry.record.note = "stopped and set back to save memory";
  give_back(entry, now);
  ++outcomes_.preempted;
}

bool task_table::lose(task_entry& entry, const error& why, const instant& now) {
  const auto crashes = ++entry.record.crashes;
  const bool may_repeat = entry.task_effects != effects::once;
  if (may_repeat && crashes < limits_.attempts_max) {
    requeue(entry, now);
    ++outcomes_.retried;
    return true;
  }
  const auto verdict = may_repeat ? "gave up after " + std::to_string(crashes) + " crashes"
                                  : std::string{"may have had its effects and is never run twice"};
  end_dead(entry, {why.code, "run " + entry.record.target + ": " + verdict + ": " + why.context},
           now);
  return false;
}

}  // namespace libagent
