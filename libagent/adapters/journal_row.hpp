#pragma once

#include "libagent/adapters/row_columns.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Length and hash of bytes that are kept in other rows.
struct bytes_mark {
  std::uint64_t bytes = 0;
  std::uint64_t sum = 0;

  friend bool operator==(const bytes_mark&, const bytes_mark&) = default;
};

[[nodiscard]] bytes_mark mark_of(std::string_view table, std::int64_t seq, std::string_view bytes);

/// What a row of `tasks` says: a task, and the mark of its body in place of it.
struct task_row {
  journal_task task;
  bytes_mark body;
};

/// What a row of `states` says: a state, and the mark of its result in place of it.
struct state_row {
  journal_state now;
  std::optional<bytes_mark> result;
};

// The columns in the order of the functions below; the sum is the last.
inline constexpr const char* task_column_names =
    "id,target,lane,effects,timeout_ms,accepted_at,deadline,level,client,key,fingerprint,parent,"
    "trace,body_bytes,body_sum,sum";
inline constexpr int task_column_count = 16;
inline constexpr const char* state_column_names =
    "state,attempt,failures,crashes,owner,started_at,ended_at,not_before,note,node,cache_outcome,"
    "cache_age_ms,failure_code,failure_text,retry_after_ms,result_bytes,result_sum,sum";
inline constexpr int state_column_count = 18;

/// Binds the columns from parameter 2 on, and runs the statement; parameter 1 is the number.
[[nodiscard]] expected<void> run_with(sqlite_statement& statement, std::int64_t seq,
                                      const task_row& row);
[[nodiscard]] expected<void> run_with(sqlite_statement& statement, std::int64_t seq,
                                      const state_row& row);

/// Reads a row whose columns begin at `first`; false: it is not what was written.
[[nodiscard]] bool read_row(const sqlite_statement& from, int first, std::int64_t seq,
                            task_row& row);
[[nodiscard]] bool read_row(const sqlite_statement& from, int first, std::int64_t seq,
                            state_row& row);

}  // namespace libagent
