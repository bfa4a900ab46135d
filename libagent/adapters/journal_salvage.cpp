#include "libagent/adapters/journal_salvage.hpp"

#include "libagent/adapters/database_failure.hpp"
#include "libagent/adapters/database_salvage.hpp"
#include "libagent/adapters/journal_reader.hpp"
#include "libagent/adapters/journal_writer.hpp"
#include "libagent/adapters/table_rescue.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sqlite3.h>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

/// States of version 1 have no crashes.
std::string states_columns(sqlite_database& from) {
  std::string names = state_column_names;
  const auto has_crashes =
      from.query_integer("SELECT count(*) FROM pragma_table_info('states') WHERE name='crashes'");
  if (has_crashes && *has_crashes == 0)
    names.erase(names.find("crashes,"), std::string{"crashes,"}.size());
  return "seq," + names;
}

std::vector<rescued_table> tables_of(sqlite_database& from) {
  const auto made = [](const char* name, const char* number, std::string columns, int shift,
                       bool is_newer = false) {
    const auto count = 1 + static_cast<int>(std::ranges::count(columns, ','));
    return rescued_table{name, number, std::move(columns), count, shift, is_newer};
  };
  return {made("tasks", "seq", std::string{"seq,"} + task_column_names, 0),
          made("states", "seq", states_columns(from), 0),
          made("groups", "seq", "seq,data,sum", 0, true),
          made("schedules", "seq", "seq,id,data,arguments,sum", 0, true),
          made("bodies", "at", "at,data", 8),
          made("results", "at", "at,data", 8)};
}

class salvage {
public:
  salvage(sqlite_database& from, sqlite_database& to, unix_millis now)
      : from_{from}, to_{to}, now_{now} {}

  [[nodiscard]] expected<saved_rows> run();

private:
  /// What an index knows of tasks whose rows cannot be read.
  [[nodiscard]] expected<void> name_lost_tasks();
  [[nodiscard]] expected<void> name_lost_tasks(journal_writer& writer, const char* order);
  expected<void> name_lost_task(journal_writer& writer, std::int64_t seq, const task_id& id);
  [[nodiscard]] expected<void> drop_bytes_of_nobody(const char* table);

  sqlite_database& from_;
  sqlite_database& to_;
  const unix_millis now_;
  std::uint64_t named_ = 0;
  std::vector<std::string> said_;
};

expected<saved_rows> salvage::run() {
  if (auto done = rescue_tables(from_, to_, tables_of(from_), "tasks", said_); !done)
    return done.error();
  if (auto done = name_lost_tasks(); !done)
    return done.error();
  for (const auto* table : {"bodies", "results"}) {
    if (auto done = drop_bytes_of_nobody(table); !done)
      return done.error();
  }
  if (named_ > 0) {
    said_.push_back(std::to_string(named_) +
                    " tasks could not be read but for their ids; they ended dead");
  }
  const auto tasks = to_.query_integer("SELECT count(*) FROM tasks");
  if (!tasks)
    return tasks.error();
  return saved_rows{*tasks, std::move(said_)};
}

expected<void> salvage::name_lost_tasks() {
  auto writer = journal_writer::over(to_);
  if (!writer)
    return std::move(writer.error());
  if (auto done = name_lost_tasks(*writer, "ASC"); !done)
    return done;
  return name_lost_tasks(*writer, "DESC");
}

expected<void> salvage::name_lost_tasks(journal_writer& writer, const char* order) {
  auto entries = from_.prepare(
      std::string{"SELECT id, seq FROM tasks INDEXED BY tasks_by_id ORDER BY id "} + order);
  auto is_there = to_.prepare("SELECT 1 FROM tasks WHERE seq=?1 OR id=?2");
  if (!entries || !is_there)
    return is_there ? expected<void>{} : is_there.error();
  for (;;) {
    const auto entry = entries->step();
    if (!entry || !*entry)
      return {};  // whatever is behind damage cannot be named
    const auto id = task_id_from_bytes(entries->blob(0));
    const auto seq = entries->integer(1);
    is_there->bind(1, seq);
    is_there->bind_blob(2, bytes_of(id));
    const auto there = is_there->step();
    if (!there)
      return there.error();
    is_there->reset();
    if (*there || id.is_nil() || seq <= 0)
      continue;
    if (auto done = name_lost_task(writer, seq, id); !done)
      return done;
  }
}

expected<void> salvage::name_lost_task(journal_writer& writer, std::int64_t seq,
                                       const task_id& id) {
  stored_task lost;
  make_damaged(lost, "what was asked for");
  lost.now.ended_at = now_;
  if (auto done = writer.replace_with_id(seq, id); !done)
    return done;
  if (auto done = writer.replace_state(seq, lost.now); !done)
    return done;
  ++named_;
  return {};
}

expected<void> salvage::drop_bytes_of_nobody(const char* table) {
  const std::string nobody =
      std::string{" FROM "} + table + " WHERE (at >> 8) NOT IN (SELECT seq FROM tasks)";
  const auto count = to_.query_integer("SELECT count(DISTINCT at >> 8)" + nobody);
  if (!count)
    return count.error();
  if (*count == 0)
    return {};
  said_.push_back(std::to_string(*count) + " tasks are lost: of them there are only " + table +
                  ", without ids");
  return to_.execute("DELETE" + nobody);
}

}  // namespace

std::vector<rescued_table> journal_tables(sqlite_database& from) {
  return tables_of(from);
}

expected<saved_rows> rescue_journal(sqlite_database& from, sqlite_database& to, unix_millis now) {
  return salvage{from, to, now}.run();
}

}  // namespace libagent
