#include "libagent/tasks/task_table.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/tasks/admission.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t progress_message_bytes_max = 256;

std::size_t kept_bytes(const task_record& record) {
  std::size_t bytes = 0;
  if (record.result)
    bytes += record.result->text.size();
  if (record.failure)
    bytes += record.failure->context.size();
  return bytes;
}

task_state state_for(errc code) {
  switch (code) {
    using enum errc;
    case deadline_exceeded: return task_state::expired;
    case cancelled: return task_state::cancelled;
    default: return task_state::failed;
  }
}

/// The queue drains while the asker waits; much sooner than this it is still full.
constexpr std::chrono::seconds full_queue_pause{1};

refusal lane_full(lane which, std::string_view what, std::size_t present, std::size_t limit) {
  return {refusal_reason::queue_full,
          {.code = errc::overloaded,
           .context = "admit task: the " + std::string{name_of(which)} + " lane holds " +
                      std::to_string(present) + " waiting " + std::string{what} +
                      ", the limit is " + std::to_string(limit),
           .retry_after = full_queue_pause}};
}

refusal share_used(const task_order& order, std::size_t waiting) {
  return {refusal_reason::client_share,
          {.code = errc::rate_limited,
           .context = "admit task: " + std::to_string(waiting) + " tasks of client " +
                      quoted_excerpt(order.client) + " wait in the " +
                      std::string{name_of(order.task_lane)} +
                      " lane, which is its share of what is free",
           .retry_after = full_queue_pause}};
}

refusal invalid_order(errc code, std::string context) {
  return {refusal_reason::invalid, {code, std::move(context)}};
}

constexpr std::size_t index_of(lane which) {
  return static_cast<std::size_t>(which);
}

}  // namespace

task_table::task_table(task_limits limits, random_source random)
    : limits_{std::move(limits)}, random_{std::move(random)} {
  LIBAGENT_EXPECTS(random_ != nullptr);
  LIBAGENT_EXPECTS(limits_.attempts_max > 0);
}

std::optional<refusal> task_table::check(const task_order& order) const {
  using namespace std::chrono_literals;
  if (order.timeout <= 0ms || order.timeout > limits_.timeout_max) {
    return invalid_order(errc::invalid_argument,
                         "admit task: timeout_ms is " + std::to_string(order.timeout.count()) +
                             ", allowed is 1 to " + std::to_string(limits_.timeout_max.count()));
  }
  if (order.arguments.size() > limits_.arguments_bytes_max) {
    return invalid_order(errc::too_large, "admit task: the arguments have " +
                                              std::to_string(order.arguments.size()) +
                                              " bytes, the limit is " +
                                              std::to_string(limits_.arguments_bytes_max));
  }
  return check_queue(order);
}

std::optional<refusal> task_table::check_queue(const task_order& order) const {
  const auto& limit = order.task_lane == lane::interactive ? limits_.interactive : limits_.batch;
  const auto& present = counters(order.task_lane);
  if (present.queued >= limit.queued_max)
    return lane_full(order.task_lane, "tasks", present.queued, limit.queued_max);
  if (present.queued_bytes + order.arguments.size() + order.target.size() > limit.bytes_max)
    return lane_full(order.task_lane, "bytes", present.queued_bytes, limit.bytes_max);
  if (order.client.empty())
    return std::nullopt;
  const auto& clients = waiting_by_client_[index_of(order.task_lane)];
  const auto own = clients.find(order.client);
  const auto waiting = own == clients.end() ? 0 : own->second;
  if (!within_share(waiting, present.queued, limit.queued_max, limits_.client_share))
    return share_used(order, waiting);
  return std::nullopt;
}

task_id task_table::new_id(const instant& now) {
  for (;;) {
    const auto high = random_();
    const auto id = make_task_id(now.unix_time, high, random_());
    if (!entries_.contains(id))
      return id;
  }
}

void task_table::fill(task_entry& entry, task_order order) {
  entry.record.target = std::move(order.target);
  entry.record.task_lane = order.task_lane;
  entry.record.level = order.level;
  entry.record.client = std::move(order.client);
  entry.record.note = std::move(order.note);
  entry.is_brief = order.is_brief && !order.durable && order.key.empty();
  entry.record.key = std::move(order.key);
  entry.record.trace = std::move(order.trace);
  entry.record.parent = order.parent;
  entry.charge_bytes =
      static_cast<std::uint32_t>(entry.arguments->size() + entry.record.target.size());
  entry.timeout = order.timeout;
  entry.route = order.route;
  entry.cost = order.cost;
  entry.memory_bytes = order.memory_bytes;
  entry.task_effects = order.task_effects;
  entry.is_durable = order.durable;
  entry.retry = order.retry;
  entry.depth = order.depth;
  entry.fingerprint = order.fingerprint;
}

task_entry& task_table::accept(task_order order, const instant& now) {
  const auto id = new_id(now);
  auto& entry = entries_[id];
  entry.record.id = id;
  entry.record.accepted_at = now.unix_time;
  entry.record.deadline = now.unix_time + order.timeout.count();
  entry.deadline = now.steady + order.timeout;
  entry.since = now.steady;
  entry.arguments = std::make_shared<const std::string>(std::move(order.arguments));
  fill(entry, std::move(order));
  enqueue(entry, false);
  deadlines_.push(entry);
  ++lane_of(entry).accepted;
  return entry;
}

task_entry& task_table::restore(const stored_task& stored, task_order order, const instant& now) {
  LIBAGENT_EXPECTS(find(stored.task.id) == nullptr);
  auto& entry = entries_[stored.task.id];
  entry.record.id = stored.task.id;
  entry.record.accepted_at = stored.task.accepted_at;
  entry.record.deadline = stored.task.deadline;
  // A wall clock that was set back meanwhile must not give it more than its time.
  const auto left = std::chrono::milliseconds{stored.task.deadline - now.unix_time};
  entry.deadline = now.steady + std::min(left, order.timeout);
  entry.since = now.steady;
  entry.arguments = stored.task.arguments;
  fill(entry, std::move(order));
  entry.record.attempt = stored.now.attempt;
  entry.record.started_at = stored.now.started_at;
  entry.record.crashes = stored.now.crashes;
  entry.record.note = stored.now.note;
  entry.failures = stored.now.failures;
  if (!stored.task.parent.is_nil())
    entry.record.parent = stored.task.parent;
  enqueue(entry, false);
  deadlines_.push(entry);
  return entry;
}

void task_table::retract(task_entry& entry) {
  LIBAGENT_EXPECTS(entry.record.state == task_state::queued);
  leave_queue(entry, false);
  deadlines_.remove(entry);
  --lane_of(entry).accepted;
  const auto id = entry.record.id;
  entries_.erase(id);
}

task_entry* task_table::running_attempt(const task_id& id, std::uint32_t attempt) {
  auto* entry = find(id);
  if (entry != nullptr && entry->record.state == task_state::running &&
      entry->record.attempt == attempt)
    return entry;
  ++outcomes_.late;
  return nullptr;
}

bool task_table::progress(task_entry& entry, task_progress reported) {
  LIBAGENT_EXPECTS(entry.record.state == task_state::running);
  const double before = entry.record.progress ? entry.record.progress->fraction : 0.0;
  // A fraction that is no number, or that goes back, would show people nonsense.
  reported.fraction =
      std::isfinite(reported.fraction) ? std::clamp(reported.fraction, before, 1.0) : before;
  reported.message.resize(utf8_prefix(reported.message, progress_message_bytes_max).size());
  if (entry.record.progress == reported)
    return false;
  entry.record.progress = std::move(reported);
  return true;
}

void task_table::end(task_entry& entry, expected<std::string> outcome, const instant& now) {
  if (outcome) {
    entry.record.result = raw_json{std::move(*outcome)};
    finish(entry, task_state::succeeded, now);
    return;
  }
  const auto state = state_for(outcome.error().code);
  entry.record.failure = std::move(outcome.error());
  finish(entry, state, now);
}

void task_table::end_dead(task_entry& entry, error why, const instant& now) {
  entry.record.failure = std::move(why);
  finish(entry, task_state::dead, now);
}

void task_table::finish(task_entry& entry, task_state state, const instant& now) {
  LIBAGENT_EXPECTS(!is_terminal(entry.record.state));
  if (entry.record.state == task_state::queued) {
    leave_queue(entry, false);
  } else {
    running_.remove(entry);
    --lane_of(entry).running;
  }
  deadlines_.remove(entry);
  entry.arguments.reset();
  entry.group.reset();
  entry.record.waits_for = 0;
  entry.record.state = state;
  entry.record.ended_at = now.unix_time;
  entry.since = now.steady;
  ended_of(entry).push_back(entry);
  ended_bytes_ += kept_bytes(entry.record);
  ++outcomes_.ended[static_cast<std::size_t>(state)];
}

void task_table::forget_old(time_point now) {
  while (auto* brief = ended_briefs_.front())
    forget(*brief);
  while (auto* oldest = ended_.front()) {
    if (oldest->unwritten > 0)
      return;
    if (ended_.size() <= limits_.records_max && ended_bytes_ <= limits_.record_bytes_max &&
        now - oldest->since < limits_.record_retention)
      return;
    forget(*oldest);
  }
}

void task_table::forget(task_entry& entry) {
  ended_of(entry).remove(entry);
  ended_bytes_ -= kept_bytes(entry.record);
  const auto id = entry.record.id;
  entries_.erase(id);
}

task_entry* task_table::find(const task_id& id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<const task_entry*> task_table::list(std::size_t max) const {
  std::vector<const task_entry*> found;
  auto take = [&found, max](const task_list& from) {
    for (auto* entry = from.front(); entry != nullptr && found.size() < max; entry = entry->next)
      found.push_back(entry);
  };
  take(running_);
  take(parked_);
  take(parents_);
  for (const auto& [due, entry] : delayed_) {
    if (found.size() < max)
      found.push_back(entry);
  }
  for (const auto& queues : queues_) {
    for (const auto& queue : queues.by_lane) {
      queue.each([&found, max](task_entry& entry) {
        if (found.size() < max)
          found.push_back(&entry);
      });
    }
  }
  for (auto* entry = ended_.back(); entry != nullptr && found.size() < max; entry = entry->previous)
    found.push_back(entry);
  return found;
}

std::uint64_t task_table::oldest_wait(lane which, time_point now) const {
  auto since = now;
  for (const auto& queues : queues_) {
    if (const auto* oldest = queues.by_lane[index_of(which)].oldest())
      since = std::min(since, oldest->since);
  }
  for (const auto* entry = parked_.front(); entry != nullptr; entry = entry->next) {
    if (entry->record.task_lane == which)
      since = std::min(since, entry->since);
  }
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now - since).count());
}

bool task_table::any_queued(const std::function<bool(const task_entry&)>& is_meant) const {
  for (auto* entry = parked_.front(); entry != nullptr; entry = entry->next) {
    if (is_meant(*entry))
      return true;
  }
  for (auto* entry = parents_.front(); entry != nullptr; entry = entry->next) {
    if (is_meant(*entry))
      return true;
  }
  if (std::ranges::any_of(delayed_, [&](const auto& at) { return is_meant(*at.second); }))
    return true;
  bool found = false;
  for (const auto& queues : queues_) {
    for (const auto& queue : queues.by_lane)
      queue.each([&](task_entry& entry) { found = found || is_meant(entry); });
  }
  return found;
}

std::vector<task_entry*> task_table::queued_of(route_id route) const {
  std::vector<task_entry*> found;
  for (auto* entry = parked_.front(); entry != nullptr; entry = entry->next) {
    if (entry->route == route)
      found.push_back(entry);
  }
  for (const auto& [due, entry] : delayed_) {
    if (entry->route == route)
      found.push_back(entry);
  }
  if (route >= queues_.size())
    return found;
  for (const auto& queue : queues_[route].by_lane)
    queue.each([&found](task_entry& entry) { found.push_back(&entry); });
  return found;
}

}  // namespace libagent
