#include "libagent/adapters/journal_salvage.hpp"

#include "libagent/adapters/journal_database.hpp"
#include "libagent/adapters/journal_failure.hpp"
#include "libagent/adapters/journal_reader.hpp"
#include "libagent/adapters/journal_table_rescue.hpp"
#include "libagent/adapters/journal_writer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sqlite3.h>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

// Tasks beyond the highest that was seen may be on a damaged page at the end of a table.
constexpr std::int64_t unseen_tasks_max = 4'096;

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
  const auto made = [](const char* name, const char* number, std::string columns, int shift) {
    const auto count = 1 + static_cast<int>(std::ranges::count(columns, ','));
    return rescued_table{name, number, std::move(columns), count, shift};
  };
  return {made("tasks", "seq", std::string{"seq,"} + task_column_names, 0),
          made("states", "seq", states_columns(from), 0),
          made("groups", "seq", "seq,data,sum", 0),
          made("schedules", "seq", "seq,id,data,arguments,sum", 0),
          made("bodies", "at", "at,data", 8),
          made("results", "at", "at,data", 8)};
}

class salvage {
public:
  salvage(sqlite_database& from, sqlite_database& to, unix_millis now)
      : from_{from}, to_{to}, now_{now} {}

  [[nodiscard]] expected<saved_journal> run();

private:
  [[nodiscard]] expected<void> copy_tables();
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

expected<saved_journal> salvage::run() {
  if (auto done = copy_tables(); !done)
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
  return saved_journal{*tasks, std::move(said_)};
}

expected<void> salvage::copy_tables() {
  std::vector<std::pair<std::string, journal_table_rescue>> rescues;
  std::int64_t highest = 0;
  for (const auto& table : tables_of(from_)) {
    auto rescue = journal_table_rescue::over(from_, to_, table);
    if (!rescue) {
      said_.push_back("the table " + table.name + " cannot be read: " + rescue.error().context);
      continue;
    }
    const auto seen = rescue->copy_ends();
    if (!seen)
      return seen.error();
    highest = std::max(highest, *seen);
    rescues.emplace_back(table.name, std::move(*rescue));
  }
  const auto copied = to_.query_integer("SELECT ifnull(max(seq),0) FROM tasks");
  if (!copied)
    return copied.error();
  highest = std::max(highest, *copied) + unseen_tasks_max;
  for (auto& [name, rescue] : rescues) {
    if (auto done = rescue.copy_between(highest); !done)
      return done;
    said_.push_back(std::to_string(rescue.copied()) + " rows of " + name + " were saved" +
                    (rescue.is_damaged() ? ", others are damaged" : ""));
  }
  return {};
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

bool can_be_read(sqlite_database& from) {
  return std::ranges::all_of(tables_of(from), [&from](const rescued_table& table) {
    // Version 1 has no groups and no schedules.
    return table.name == "groups" || table.name == "schedules" ||
           from.prepare("SELECT " + table.columns + " FROM " + table.name).has_value();
  });
}

/// Copies a file whose first page, with the list of tables, is damaged; the copy gets the first
/// page of another journal. Tables are made in the same order in each, so they begin on the same
/// pages.
expected<void> copy_with_first_page_of(const std::filesystem::path& other,
                                       const std::filesystem::path& from,
                                       const std::filesystem::path& to) {
  std::error_code failed;
  constexpr auto over = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(from, to, over, failed);
  if (failed)
    return error{errc::io_failed, "copy " + from.string() + ": " + failed.message()};
  std::filesystem::copy_file(from.string() + "-wal", to.string() + "-wal", over, failed);
  std::array<char, journal_page_bytes> page{};
  std::ifstream{other, std::ios::binary}.read(page.data(), page.size());
  // An outdated "version-valid-for number" makes SQLite take the length from the file itself.
  constexpr std::size_t version_valid_for = 92;
  page[version_valid_for] = static_cast<char>(~page[version_valid_for]);
  std::fstream copy{to, std::ios::binary | std::ios::in | std::ios::out};
  copy.write(page.data(), page.size());
  if (!copy.flush())
    return error{errc::io_failed, "write " + to.string()};
  return {};
}

expected<sqlite_database> open_source(const std::filesystem::path& from) {
  auto source = sqlite_database::open(from, sqlite_database::access::read);
  if (source)
    sqlite3_db_config(source->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return source;
}

expected<saved_journal> salvage_into(const std::filesystem::path& from,
                                     const std::filesystem::path& to,
                                     const std::filesystem::path& copy, unix_millis now) {
  auto source = open_source(from);
  if (!source)
    return std::move(source.error());
  auto made = open_journal_writer(to, journal_sync::group, std::chrono::milliseconds{0});
  if (!made)
    return std::move(made.error());
  if (!can_be_read(*source)) {
    if (auto done = made->execute("PRAGMA wal_checkpoint(TRUNCATE)"); !done)
      return journal_failure(*made, done.error(), to);
    if (auto done = copy_with_first_page_of(to, from, copy); !done)
      return done.error();
    source = open_source(copy);
    if (!source)
      return std::move(source.error());
  }
  if (auto begun = made->execute("BEGIN IMMEDIATE"); !begun)
    return journal_failure(*made, begun.error(), to);
  auto said = salvage{*source, *made, now}.run();
  if (!said)
    return journal_failure(*made, std::move(said.error()), to);
  if (auto done = made->execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)"); !done)
    return journal_failure(*made, done.error(), to);
  return said;
}

void remove_database(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const auto* ending : {"", "-wal", "-shm"})
    std::filesystem::remove(file.string() + ending, ignored);
}

}  // namespace

expected<saved_journal> salvage_journal(const std::filesystem::path& from,
                                        const std::filesystem::path& to, unix_millis now) {
  const std::filesystem::path unfinished = to.string() + ".part";
  const std::filesystem::path copy = to.string() + ".copy";
  remove_database(unfinished);
  auto said = salvage_into(from, unfinished, copy, now);
  remove_database(copy);
  std::error_code failed;
  if (said)
    std::filesystem::rename(unfinished, to, failed);
  remove_database(unfinished);
  if (failed)
    return error{errc::io_failed, "rename " + unfinished.string() + ": " + failed.message()};
  return said;
}

}  // namespace libagent
