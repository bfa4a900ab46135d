#include "apps/lab/simulated_disk.hpp"

#include <algorithm>
#include <ranges>
#include <utility>
#include <variant>

namespace libagent::lab {

namespace {

/// The task that a write is about; null: none.
const task_id* subject_of(const journal_write& write) {
  if (const auto* accepted = std::get_if<write_accepted>(&write))
    return &accepted->task.id;
  if (const auto* state = std::get_if<write_state>(&write))
    return &state->id;
  if (const auto* group = std::get_if<write_group>(&write))
    return &group->parent;
  if (const auto* purged = std::get_if<write_purged>(&write))
    return &purged->id;
  return nullptr;
}

}  // namespace

const stored_task* simulated_disk::find(const task_id& id) const {
  const auto found =
      std::ranges::find_if(tasks_, [&id](const stored_task& kept) { return kept.task.id == id; });
  return found == tasks_.end() ? nullptr : &*found;
}

stored_task* simulated_disk::find_kept(const task_id& id) {
  const auto found =
      std::ranges::find_if(tasks_, [&id](const stored_task& kept) { return kept.task.id == id; });
  return found == tasks_.end() ? nullptr : &*found;
}

void simulated_disk::note(const task_id& id, changes& undo) const {
  if (std::ranges::any_of(undo, [&id](const change& noted) { return noted.id == id; }))
    return;
  const auto* kept = find(id);
  undo.push_back({.id = id, .before = kept == nullptr ? std::nullopt : std::optional{*kept}});
}

void simulated_disk::commit(std::span<const journal_write> writes, bool is_synced) {
  changes undo;
  for (const auto& write : writes) {
    const auto* subject = subject_of(write);
    if (!is_synced && subject != nullptr)
      note(*subject, undo);
    apply(write);
  }
  if (is_synced) {
    unsynced_.clear();
  } else {
    unsynced_.push_back(std::move(undo));
  }
}

/// As a journal does: what is there already, or not there, is passed over.
void simulated_disk::apply(const journal_write& write) {
  if (const auto* accepted = std::get_if<write_accepted>(&write)) {
    if (find(accepted->task.id) == nullptr)
      tasks_.push_back({.task = accepted->task});
    return;
  }
  const auto* subject = subject_of(write);
  auto* kept = subject == nullptr ? nullptr : find_kept(*subject);
  if (kept == nullptr)
    return;
  if (const auto* state = std::get_if<write_state>(&write)) {
    kept->now = state->now;
  } else if (const auto* group = std::get_if<write_group>(&write)) {
    kept->group = group->group;
  } else if (std::holds_alternative<write_purged>(write) && is_terminal(kept->now.state)) {
    tasks_.erase(tasks_.begin() + (kept - tasks_.data()));
  }
}

std::vector<stored_task> simulated_disk::lose(std::size_t commits) {
  std::vector<stored_task> lost;
  for (std::size_t i = 0; i < commits && !unsynced_.empty(); ++i) {
    for (auto& [id, before] : std::views::reverse(unsynced_.back())) {
      auto* kept = find_kept(id);
      if (kept != nullptr)
        lost.push_back(*kept);
      if (kept != nullptr && before) {
        *kept = *std::move(before);
      } else if (kept != nullptr) {
        tasks_.erase(tasks_.begin() + (kept - tasks_.data()));
      } else if (before) {
        tasks_.push_back(*std::move(before));
      }
    }
    unsynced_.pop_back();
  }
  unsynced_.clear();
  return lost;
}

journal_contents simulated_disk::load() const {
  journal_contents found;
  for (const auto& kept : tasks_) {
    const auto& task = kept.task;
    if (!is_terminal(kept.now.state))
      found.tasks.push_back(kept);
    if (task.key.empty())
      continue;
    std::erase_if(found.keys, [&task](const journal_key& earlier) {
      return earlier.client == task.client && earlier.key == task.key;
    });
    found.keys.push_back({task.client, task.key, task.fingerprint, task.id, task.accepted_at});
  }
  return found;
}

}  // namespace libagent::lab
