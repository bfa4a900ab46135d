// The part of the dispatcher's core that knows families: tasks that wait for tasks.

#include "libagent/tasks/dispatch_core.hpp"
#include "libagent/tasks/stored_record.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace libagent {

namespace {

/// Grandchildren of grandchildren are a loop rather than a plan.
constexpr std::uint32_t depth_max = 8;

error refused_child(const task_entry& parent, std::size_t index, const error& why) {
  return {why.code,
          "run " + parent.record.target + ": its child " + std::to_string(index) +
              " was refused: " + why.context,
          why.retry_after};
}

child_outcome outcome_of(const task_record& record) {
  return {.id = record.id,
          .target = record.target,
          .state = record.state,
          .result = record.result,
          .failure = record.failure};
}

}  // namespace

void dispatch_core::start_group(const task_id& id, std::uint32_t attempt, child_orders children,
                                const instant& now) {
  auto over = pool_.release(id, attempt);
  auto* parent = table_.running_attempt(id, attempt);
  if (over) {
    over->hold.reset();
    release(*over, parent != nullptr, now.steady);
  }
  if (parent != nullptr) {
    if (auto adopted = adopt(*parent, children, now); !adopted)
      conclude(*parent, adopted.error(), now);
  }
  pump_all(now);
}

/// All of them or none: a parent with half of its children would go wrong later.
expected<void> dispatch_core::adopt(task_entry& parent, child_orders& children,
                                    const instant& now) {
  if (auto fits = group_book::check(children.orders.size(), children.saved); !fits)
    return fits.error();
  if (parent.depth >= depth_max) {
    return error{errc::invalid_argument, "run " + parent.record.target +
                                             ": its children would have more than " +
                                             std::to_string(depth_max) + " ancestors"};
  }
  for (std::size_t i = 0; i < children.orders.size(); ++i) {
    inherit(children.orders[i], parent, now);
    if (auto refused = table_.check(children.orders[i]))
      return refused_child(parent, i, refused->why);
  }
  std::vector<task_id> ids;
  for (auto& order : children.orders) {
    auto& child = table_.accept(std::move(order), now);
    ids.push_back(child.record.id);
    if (is_journalled(child))
      write_acceptance(child, false);
  }
  const auto id = parent.record.id;
  if (auto added = groups_.add(id, ids, children.rule, std::move(children.saved)); !added)
    return added.error();
  if (is_journalled(parent))
    outbox_->write(write_group{.parent = id, .group = groups_.stored_text(id)}, {});
  parent.group.reset();
  parent.record.waits_for = groups_.open_children(id);
  table_.wait_for_children(parent, now);
  tell(parent, now);
  return {};
}

void dispatch_core::inherit(task_order& child, const task_entry& parent, const instant& now) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(parent.deadline - now.steady);
  child.timeout = std::min(child.timeout, std::max(left, std::chrono::milliseconds{1}));
  child.level = parent.record.level;
  child.client = parent.record.client;
  child.trace = parent.record.trace;
  child.durable = parent.is_durable;
  child.parent = parent.record.id;
  child.depth = parent.depth + 1;
  child.key.clear();  // Its parent stands for it.
}

/// A task has ended: those who belong to it hear of it.
void dispatch_core::note_end(const task_entry& entry, const instant& now) {
  const auto id = entry.record.id;
  cancel_all(groups_.cancel(id), "its parent ended", now);
  if (!entry.record.parent)
    return;
  if (auto verdict = groups_.on_child_end(outcome_of(entry.record)))
    apply(*verdict, now);
}

void dispatch_core::cancel_all(const std::vector<task_id>& tasks, const std::string& reason,
                               const instant& now) {
  for (const auto& id : tasks) {
    auto* entry = table_.find(id);
    if (entry != nullptr && !is_terminal(entry->record.state))
      stop_running(*entry, {errc::cancelled, "run " + entry->record.target + ": " + reason}, now);
  }
}

void dispatch_core::apply(group_verdict& verdict, const instant& now) {
  auto* parent = table_.find(verdict.parent);
  if (parent == nullptr || is_terminal(parent->record.state))
    return;
  switch (verdict.step) {
    case group_step::wait:
      parent->record.waits_for = groups_.open_children(verdict.parent);
      return listener_.on_change(parent->record);
    case group_step::resume:
      parent->group = std::make_shared<const group_outcome>(*std::move(verdict.outcome));
      parent->record.waits_for = 0;
      if (parent->place == task_place::children)
        table_.resume(*parent, now);
      tell(*parent, now);
      break;
    case group_step::fail: stop_running(*parent, *std::move(verdict.why), now); break;
  }
  cancel_all(verdict.to_cancel, "its siblings made it needless", now);
  if (parent->record.state == task_state::queued)
    pump(parent->route, now);
}

void dispatch_core::restore_group(const stored_task& parent,
                                  const std::vector<const stored_task*>& ended_children,
                                  const instant& now) {
  const auto id = parent.task.id;
  auto* entry = table_.find(id);
  if (entry == nullptr || is_terminal(entry->record.state))
    return;
  if (auto restored = groups_.restore(id, parent.group); !restored) {
    table_.end_dead(*entry, restored.error(), now);
    return tell(*entry, now);
  }
  for (const auto& child : groups_.children_of(id)) {
    if (auto* live = table_.find(child))
      live->depth = entry->depth + 1;
  }
  if (entry->place != task_place::delayed)
    table_.wait_for_children(*entry, now);
  entry->record.waits_for = groups_.open_children(id);
  report_ended_children(id, ended_children, now);
}

/// A child that is neither live nor known to have ended was lost with a damaged part of the
/// journal.
void dispatch_core::report_ended_children(const task_id& parent,
                                          const std::vector<const stored_task*>& ended,
                                          const instant& now) {
  for (const auto& child : groups_.children_of(parent)) {
    const auto* live = table_.find(child);
    if (live != nullptr && !is_terminal(live->record.state))
      continue;
    child_outcome outcome{.id = child,
                          .state = task_state::dead,
                          .failure = error{errc::corrupt, "the journal lost it"}};
    const auto known = std::ranges::find_if(
        ended, [&child](const stored_task* stored) { return stored->task.id == child; });
    if (live != nullptr) {
      outcome = outcome_of(live->record);
    } else if (known != ended.end()) {
      outcome = outcome_of(record_of(**known));
    }
    if (auto verdict = groups_.on_child_end(std::move(outcome)))
      apply(*verdict, now);
  }
}

}  // namespace libagent
