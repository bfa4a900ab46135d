#pragma once

#include "libagent/adapters/journal_reader.hpp"
#include "libagent/adapters/journal_writer.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/journal.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace libagent {

/// Reads all that a journal needs to go on, checks every row of it, and puts what is damaged into
/// an order that can be gone on from. Belongs into a transaction of the caller's.
class journal_loading {
public:
  /// @param now When the tasks that cannot go on ended.
  journal_loading(sqlite_database& database, journal_writer& writer, unix_millis now)
      : database_{database}, writer_{writer}, now_{now} {}

  [[nodiscard]] expected<void> run(journal_contents& found);

private:
  [[nodiscard]] expected<void> check_indexes();
  [[nodiscard]] expected<void> find_waiting();
  [[nodiscard]] expected<void> read_tasks();
  [[nodiscard]] expected<void> take(journal_reader& reader, journal_row& row);
  [[nodiscard]] expected<void> take_damaged(journal_row& row, const std::string& lost);
  [[nodiscard]] expected<bool> confirm_id(journal_row& row);
  [[nodiscard]] expected<void> repair();
  [[nodiscard]] expected<void> drop_orphans();
  [[nodiscard]] expected<void> read_schedules();
  void note_key(const journal_task& task);

  sqlite_database& database_;
  journal_writer& writer_;
  const unix_millis now_;
  journal_contents* found_ = nullptr;
  std::unordered_set<task_id> waiting_;  // parents
  std::unordered_map<std::string, std::size_t> key_places_;

  /// What is to be written once all is read.
  struct damaged_task {
    std::int64_t seq = 0;
    stored_task kept;
    bool is_only_id = false;
    bool is_lost = false;
  };

  [[nodiscard]] expected<void> repair_one(const damaged_task& damaged);

  std::vector<damaged_task> damaged_;
};

}  // namespace libagent
