#include "libagent/adapters/journal_database.hpp"

#include "libagent/adapters/journal_bytes.hpp"
#include "libagent/adapters/journal_failure.hpp"
#include "libagent/adapters/journal_schema.hpp"

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

}  // namespace

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
  auto writer = open_journal_writer(file, sync, lock_patience);
  if (!writer)
    return std::move(writer.error());
  auto reader = sqlite_database::open(file, sqlite_database::access::read);
  if (!reader)
    return std::move(reader.error());
  sqlite3_db_config(reader->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return opened_journal_database{std::move(*writer), std::move(*reader), {}};
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
