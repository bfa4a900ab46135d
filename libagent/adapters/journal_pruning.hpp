#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace libagent {

/// What one call of `journal::prune` removes at most, some milliseconds of work between commits,
/// and in how many steps.
inline constexpr std::size_t removals_per_step = 16;
inline constexpr std::size_t prune_steps = 16;

/// Says which ended tasks a journal need not keep any more, and gives free pages back.
///
/// Thread safety: that of the database, which it must not outlive.
class journal_pruning {
public:
  [[nodiscard]] static expected<journal_pruning> over(sqlite_database& database,
                                                      const journal_retention& retention);

  /// The numbers of some tasks to remove: ended longer ago than they are kept; or, while the file
  /// holds more than it should, a few of those that ended first. Never those whose parent still
  /// waits. To be called again when they are removed, some times.
  [[nodiscard]] expected<std::vector<std::int64_t>> due(unix_millis now);

  /// Gives some pages back when many are unused.
  [[nodiscard]] expected<void> shrink();

private:
  journal_pruning(sqlite_database& database, const journal_retention& retention)
      : database_{&database}, retention_{retention} {}

  /// Ended tasks of all terminal states, the oldest first.
  struct candidate {
    unix_millis ended_at = 0;
    std::int64_t seq = 0;
  };

  [[nodiscard]] expected<void> add_candidates(task_state state, unix_millis before,
                                              std::size_t count, std::vector<candidate>& to);
  [[nodiscard]] expected<std::vector<candidate>> candidates(std::size_t count,
                                                            unix_millis before_dead,
                                                            unix_millis before_others);
  [[nodiscard]] expected<bool> holds_too_much();

  sqlite_database* database_;
  journal_retention retention_;
  sqlite_statement ended_;
};

}  // namespace libagent
