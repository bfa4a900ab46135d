#include "libagent/adapters/journal_database.hpp"

#include "libagent/adapters/journal_bytes.hpp"
#include "libagent/adapters/journal_failure.hpp"
#include "libagent/adapters/journal_log.hpp"
#include "libagent/adapters/journal_salvage.hpp"
#include "libagent/adapters/journal_schema.hpp"

#include <fstream>
#include <sqlite3.h>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

std::string synchronous_of(journal_sync sync) {
  // With NORMAL the log is synced before it is brought into the database only: that keeps the file
  // whole, and what the log ends with is up to `sync`.
  switch (sync) {
    case journal_sync::none: return "OFF";
    case journal_sync::interval: return "NORMAL";
    case journal_sync::group: return "FULL";
  }
  return "FULL";
}

/// What must be set before there is a table, or belongs to a connection. Checkpoints are the
/// journal's own: those that SQLite does by itself hide a failed sync.
std::string pragmas_of(journal_sync sync, std::chrono::milliseconds patience) {
  return "PRAGMA busy_timeout=" + std::to_string(patience.count()) +
         "; PRAGMA page_size=" + std::to_string(journal_page_bytes) +
         "; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0"
         "; PRAGMA synchronous=" +
         synchronous_of(sync) +
         "; PRAGMA secure_delete=OFF; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF"
         "; PRAGMA cache_size=-4096";
}

/// A page that two rows think theirs would give damage that no sum explains.
expected<void> check_structure_of(sqlite_database& database) {
  auto check = database.prepare("PRAGMA quick_check(1)");
  if (!check)
    return std::move(check.error());
  const auto row = check->step();
  if (!row)
    return row.error();
  const std::string said{*row ? check->text(0) : "nothing"};
  if (said != "ok")
    return error{errc::corrupt, "its structure is damaged: " + said};
  return {};
}

expected<void> prepare_connection(sqlite_database& database, journal_sync sync,
                                  std::chrono::milliseconds patience) {
  // What is not in the database when the process ends is read from the log at the next start.
  // Closing must not do more: after a failed sync nothing may be synced again.
  sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (auto done = database.execute(pragmas_of(sync, patience)); !done)
    return done;
  return prepare_journal_schema(database);
}

std::string first_page_of(const std::filesystem::path& file) {
  std::string page(journal_page_bytes, '\0');
  std::ifstream{file, std::ios::binary}.read(page.data(),
                                             static_cast<std::streamsize>(page.size()));
  return page;
}

/// Whether the first page, damaged as it may be, still says that this is a journal.
bool is_named_journal(const std::filesystem::path& file) {
  const auto page = first_page_of(file);
  return page.find("CREATE TABLE bodies(") != std::string::npos ||
         page.find("CREATE TABLE states(") != std::string::npos;
}

/// Whether a file that SQLite cannot use is worth looking for tasks. One whose first page is that
/// of another database is not.
bool may_be_a_journal(const std::filesystem::path& file) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(file, failed);
  const bool has_pages = !failed && bytes > journal_page_bytes && bytes % journal_page_bytes == 0;
  return is_named_journal(file) ||
         (has_pages && !first_page_of(file).starts_with("SQLite format 3"));
}

expected<void> move_file(const std::string& from, const std::string& to) {
  std::error_code failed;
  std::filesystem::rename(from, to, failed);
  if (failed && failed != std::errc::no_such_file_or_directory)
    return error{errc::io_failed, "move " + from + " to " + to + ": " + failed.message()};
  return {};
}

/// Puts what was saved in place of the damaged file; goes on where an earlier start was cut off.
expected<bool> adopt_salvaged(const std::filesystem::path& file) {
  const auto salvaged = salvaged_journal_path(file);
  std::error_code failed;
  if (!std::filesystem::exists(salvaged, failed))
    return false;
  const auto aside = damaged_journal_path(file).string();
  for (const auto* ending : {"", "-wal"}) {
    if (auto moved = move_file(file.string() + ending, aside + ending); !moved)
      return moved.error();
  }
  std::filesystem::remove(file.string() + "-shm", failed);
  if (auto moved = move_file(salvaged.string(), file.string()); !moved)
    return moved.error();
  return true;
}

/// Opens the file for writing; a damaged one is replaced by what can be read of it.
expected<sqlite_database> open_or_salvage(const std::filesystem::path& file, journal_sync sync,
                                          std::chrono::milliseconds patience,
                                          std::vector<std::string>& damage) {
  auto writer = open_journal_writer(file, sync, patience);
  if (writer || writer.error().code != errc::corrupt)
    return writer;
  auto why = std::move(writer.error());
  if (!may_be_a_journal(file))
    return why;
  auto saved = salvage_journal(file, salvaged_journal_path(file), journal_clock_now());
  if (!saved)
    return std::move(saved.error());
  if (saved->tasks == 0 && !is_named_journal(file)) {
    std::error_code ignored;
    std::filesystem::remove(salvaged_journal_path(file), ignored);
    return why;
  }
  if (auto adopted = adopt_salvaged(file); !adopted)
    return std::move(adopted.error());
  damage.push_back(why.context + "; what could be read was saved, the damaged file is now " +
                   damaged_journal_path(file).string());
  damage.insert(damage.end(), saved->said.begin(), saved->said.end());
  return open_journal_writer(file, sync, patience);
}

/// SQLite cuts the log at the first page that is not what was written, whatever follows.
expected<void> keep_damaged_log(const std::filesystem::path& file,
                                std::vector<std::string>& damage) {
  const auto log = file.string() + "-wal";
  const auto lost = unreadable_commits(log);
  if (lost == 0)
    return {};
  const auto aside = damaged_journal_path(file).string() + "-wal";
  std::error_code failed;
  std::filesystem::copy_file(log, aside, std::filesystem::copy_options::overwrite_existing, failed);
  if (failed)
    return error{errc::io_failed, "copy " + log + " to " + aside + ": " + failed.message()};
  damage.push_back("the log " + log + " is damaged: the last " + std::to_string(lost) +
                   " commits in it are lost; a copy is " + aside);
  return {};
}

}  // namespace

std::filesystem::path damaged_journal_path(const std::filesystem::path& file) {
  return file.string() + ".damaged";
}

std::filesystem::path salvaged_journal_path(const std::filesystem::path& file) {
  return file.string() + ".salvaged";
}

expected<sqlite_database> open_journal_writer(const std::filesystem::path& file, journal_sync sync,
                                              std::chrono::milliseconds patience) {
  auto database = sqlite_database::open(file, sqlite_database::access::write);
  if (!database)
    return database;
  if (auto done = prepare_connection(*database, sync, patience); !done)
    return journal_failure(*database, done.error(), file);
  if (auto done = check_structure_of(*database); !done)
    return journal_failure(*database, done.error(), file);
  return database;
}

expected<opened_journal_database> open_journal_database(const std::filesystem::path& file,
                                                        journal_sync sync,
                                                        std::chrono::milliseconds lock_patience) {
  std::vector<std::string> damage;
  auto adopted = adopt_salvaged(file);
  if (!adopted)
    return std::move(adopted.error());
  if (*adopted) {
    damage.push_back(
        "an earlier start found the journal damaged and saved what could be read; "
        "the damaged file is " +
        damaged_journal_path(file).string());
  }
  if (auto kept = keep_damaged_log(file, damage); !kept)
    return kept.error();
  auto writer = open_or_salvage(file, sync, lock_patience, damage);
  if (!writer)
    return std::move(writer.error());
  auto reader = sqlite_database::open(file, sqlite_database::access::read);
  if (!reader)
    return std::move(reader.error());
  sqlite3_db_config(reader->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return opened_journal_database{std::move(*writer), std::move(*reader), std::move(damage)};
}

unix_millis journal_clock_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::uint64_t journal_file_bytes(const std::filesystem::path& file) {
  std::uint64_t sum = 0;
  for (const auto* ending : {"", "-wal"}) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(file.string() + ending, failed);
    sum += failed ? 0 : bytes;
  }
  return sum;
}

}  // namespace libagent
