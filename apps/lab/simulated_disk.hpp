#pragma once

#include "libagent/ports/journal.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace libagent::lab {

/// A journal in memory, with what a loss of power would take. Holds few tasks: all is searched one
/// by one.
class simulated_disk {
public:
  /// Applies one commit; it is stable when `is_synced`.
  void commit(std::span<const journal_write> writes, bool is_synced);

  /// All of it is stable.
  void sync() { unsynced_.clear(); }

  /// Commits that a loss of power may take.
  [[nodiscard]] std::size_t unsynced() const { return unsynced_.size(); }

  /// The youngest `commits` of those never were. Returns the tasks that they were about, each with
  /// what was lost of it.
  std::vector<stored_task> lose(std::size_t commits);

  [[nodiscard]] const stored_task* find(const task_id& id) const;

  [[nodiscard]] const std::vector<stored_task>& tasks() const { return tasks_; }

  /// What a process finds at its start.
  [[nodiscard]] journal_contents load() const;

private:
  struct change {
    task_id id;
    std::optional<stored_task> before;  // Absent: it was not there.
  };

  using changes = std::vector<change>;

  void apply(const journal_write& write);
  void note(const task_id& id, changes& undo) const;
  [[nodiscard]] stored_task* find_kept(const task_id& id);

  std::vector<stored_task> tasks_;  // In the order of acceptance.
  std::vector<changes> unsynced_;   // How to undo each commit.
};

}  // namespace libagent::lab
