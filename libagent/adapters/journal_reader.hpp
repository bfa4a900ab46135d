#pragma once

#include "libagent/adapters/journal_bytes.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/journal.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace libagent {

/// A task as its rows say, and what of them is not what was written.
struct journal_row {
  std::int64_t seq = 0;
  stored_task kept;  ///< Without body and result, and only what is sound.
  bytes_mark body;
  std::optional<bytes_mark> result;
  bool is_task_sound = true;
  bool is_state_sound = true;
  bool is_group_sound = true;

  [[nodiscard]] bool is_sound() const { return is_task_sound && is_state_sound && is_group_sound; }
};

/// Reads tasks from the tables of a journal, and checks every row.
///
/// Thread safety: that of the database, which it must not outlive.
class journal_reader {
public:
  [[nodiscard]] static expected<journal_reader> over(sqlite_database& database);

  /// One task with all it has. What is damaged is not in it: see `as_damaged`.
  [[nodiscard]] expected<std::optional<stored_task>> find(const task_id& id);
  [[nodiscard]] expected<std::vector<stored_task>> list(const journal_query& query);

  /// All tasks in the order of acceptance, without bodies and results.
  [[nodiscard]] expected<void> for_each(const std::function<expected<void>(journal_row&)>& use);
  /// Adds body and result. A task that is damaged becomes as `as_damaged` says; returns whether
  /// it did.
  [[nodiscard]] expected<bool> complete(journal_row& row, bool with_result = true);

private:
  journal_reader(sqlite_database& database, journal_bytes bodies, journal_bytes results)
      : database_{&database}, bodies_{std::move(bodies)}, results_{std::move(results)} {}

  [[nodiscard]] expected<void> add_rows(const std::optional<task_state>& state,
                                        const journal_query& query, std::vector<journal_row>& to);

  sqlite_database* database_;
  journal_bytes bodies_;
  journal_bytes results_;
  sqlite_statement find_;
};

/// What is left of a task of which something is damaged: it ended `dead`, and its failure is
/// `errc::corrupt` and says what is lost. Its arguments are empty.
void make_damaged(stored_task& kept, const std::string& lost);

/// What of a row is lost, for people.
[[nodiscard]] std::string lost_parts(const journal_row& row);

}  // namespace libagent
