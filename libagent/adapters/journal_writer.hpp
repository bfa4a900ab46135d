#pragma once

#include "libagent/adapters/journal_bytes.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <cstdint>
#include <string_view>

namespace libagent {

/// Applies writes to the tables of a journal, within a transaction of the caller's.
///
/// Thread safety: that of the database, which it must not outlive.
class journal_writer {
public:
  [[nodiscard]] static expected<journal_writer> over(sqlite_database& database);

  [[nodiscard]] expected<void> apply(const journal_write& write);

  /// Removes all rows of a task.
  [[nodiscard]] expected<void> remove(std::int64_t seq);
  [[nodiscard]] expected<void> remove_group(std::int64_t seq);
  /// Replaces the state of a task, and its result.
  [[nodiscard]] expected<void> replace_state(std::int64_t seq, const journal_state& now);
  /// Puts a task without a body in place of one of which only the id is known.
  [[nodiscard]] expected<void> replace_with_id(std::int64_t seq, const task_id& id);

  /// Tasks added less tasks removed since the last call.
  [[nodiscard]] std::int64_t take_added();

private:
  journal_writer(sqlite_database& database, journal_bytes bodies, journal_bytes results)
      : database_{&database}, bodies_{std::move(bodies)}, results_{std::move(results)} {}

  [[nodiscard]] expected<void> prepare_all();
  [[nodiscard]] expected<void> write(const write_accepted& what);
  [[nodiscard]] expected<void> write(const write_state& what);
  [[nodiscard]] expected<void> write(const write_group& what);
  [[nodiscard]] expected<void> write(const write_schedule& what);
  [[nodiscard]] expected<void> write(const write_schedule_removed& what);
  [[nodiscard]] expected<void> write(const write_purged& what);

  /// The number of a task and what the row of its state says of its result; false: not there.
  struct place {
    std::int64_t seq = 0;
    bool has_ended = false;
    bool has_result = false;
    bytes_mark result;
  };

  [[nodiscard]] expected<bool> locate(const task_id& id, place& found);
  [[nodiscard]] expected<void> put_state(const place& at, const journal_state& now);
  [[nodiscard]] expected<void> run_for(sqlite_statement& statement, std::int64_t seq);

  sqlite_database* database_;
  journal_bytes bodies_;
  journal_bytes results_;
  sqlite_statement insert_task_;
  sqlite_statement replace_task_;
  sqlite_statement insert_state_;
  sqlite_statement replace_state_;
  sqlite_statement locate_;
  sqlite_statement locate_by_number_;
  sqlite_statement replace_group_;
  sqlite_statement replace_schedule_;
  sqlite_statement remove_schedule_;
  sqlite_statement remove_task_;
  sqlite_statement remove_state_;
  sqlite_statement remove_group_;
  std::int64_t next_seq_ = 1;
  std::int64_t added_ = 0;
};

/// The sum of a row of `groups` or `schedules`.
[[nodiscard]] std::int64_t text_row_sum(std::string_view table, std::int64_t seq,
                                        std::string_view data, std::string_view more = {});

}  // namespace libagent
