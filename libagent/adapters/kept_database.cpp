#include "libagent/adapters/kept_database.hpp"

#include "libagent/adapters/database_failure.hpp"
#include "libagent/adapters/database_log.hpp"
#include "libagent/adapters/database_salvage.hpp"
#include "libagent/adapters/owned_descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sqlite3.h>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

constexpr std::int64_t pages_given_back = 1'024;
// Free pages are kept for what comes next, as long as they are no more than this part.
constexpr std::int64_t unused_share = 8;
constexpr std::int64_t unused_pages_min = 256;

/// What must be set before there is a table, or belongs to a connection. Checkpoints are the
/// store's own: those that SQLite does by itself hide a failed sync.
std::string pragmas_of(const connection_settings& settings) {
  return "PRAGMA busy_timeout=" + std::to_string(settings.lock_patience.count()) +
         "; PRAGMA page_size=" + std::to_string(database_page_bytes) +
         "; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0"
         "; PRAGMA synchronous=" +
         settings.synchronous +
         "; PRAGMA secure_delete=OFF; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF"
         "; PRAGMA cache_size=-" +
         std::to_string(settings.cache_bytes / 1'024);
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

/// What is kept is its owner's business only. SQLite gives the log the mode of the file.
expected<void> make_private_when_missing(const std::filesystem::path& file) {
  const owned_descriptor made{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!made.is_open()) {
    const auto reason = std::error_code{errno, std::generic_category()}.message();
    return error{errc::io_failed, "open " + file.string() + ": " + reason};
  }
  return {};
}

expected<void> prepare_connection(sqlite_database& database, const database_kind& kind,
                                  const connection_settings& settings) {
  // What is not in the database when the process ends is read from the log at the next start.
  // Closing must not do more: after a failed sync nothing may be synced again.
  sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (auto done = database.execute(pragmas_of(settings)); !done)
    return done;
  return prepare_schema(database, kind.schema());
}

std::string first_page_of(const std::filesystem::path& file) {
  std::string page(database_page_bytes, '\0');
  std::ifstream{file, std::ios::binary}.read(page.data(),
                                             static_cast<std::streamsize>(page.size()));
  return page;
}

/// Whether the first page, damaged as it may be, still says of which kind the file is. A young
/// file has that page in its log only.
bool is_named(const std::filesystem::path& file, const database_kind& kind) {
  const auto pages = first_page_of(file) + first_page_in_log(file.string() + "-wal");
  return std::ranges::any_of(kind.own_tables(), [&pages](const std::string& table) {
    return pages.find("CREATE TABLE " + table + "(") != std::string::npos;
  });
}

/// Whether a file that SQLite cannot use is worth looking through. One whose first page is that of
/// another database is not.
bool may_be_of(const std::filesystem::path& file, const database_kind& kind) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(file, failed);
  const bool has_pages = !failed && bytes > database_page_bytes && bytes % database_page_bytes == 0;
  return is_named(file, kind) || (has_pages && !first_page_of(file).starts_with("SQLite format 3"));
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
  const auto salvaged = salvaged_database_path(file);
  std::error_code failed;
  if (!std::filesystem::exists(salvaged, failed))
    return false;
  const auto aside = damaged_database_path(file).string();
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
expected<sqlite_database> open_or_salvage(const std::filesystem::path& file,
                                          const database_kind& kind,
                                          const connection_settings& settings,
                                          std::vector<std::string>& damage) {
  auto writer = open_database_writer(file, kind, settings);
  if (writer || writer.error().code != errc::corrupt)
    return writer;
  auto why = std::move(writer.error());
  if (!may_be_of(file, kind))
    return why;
  auto saved = salvage_database(file, salvaged_database_path(file), kind);
  if (!saved)
    return std::move(saved.error());
  if (saved->things == 0 && !is_named(file, kind)) {
    std::error_code ignored;
    std::filesystem::remove(salvaged_database_path(file), ignored);
    return why;
  }
  if (auto adopted = adopt_salvaged(file); !adopted)
    return std::move(adopted.error());
  damage.push_back(why.context + "; what could be read was saved, the damaged file is now " +
                   damaged_database_path(file).string());
  damage.insert(damage.end(), saved->said.begin(), saved->said.end());
  return open_database_writer(file, kind, settings);
}

/// SQLite cuts the log at the first page that is not what was written, whatever follows.
expected<void> keep_damaged_log(const std::filesystem::path& file,
                                std::vector<std::string>& damage) {
  const auto log = file.string() + "-wal";
  const auto lost = unreadable_commits(log);
  if (lost == 0)
    return {};
  const auto aside = damaged_database_path(file).string() + "-wal";
  std::error_code failed;
  std::filesystem::copy_file(log, aside, std::filesystem::copy_options::overwrite_existing, failed);
  if (failed)
    return error{errc::io_failed, "copy " + log + " to " + aside + ": " + failed.message()};
  damage.push_back("the log " + log + " is damaged: the last " + std::to_string(lost) +
                   " commits in it are lost; a copy is " + aside);
  return {};
}

}  // namespace

expected<sqlite_database> open_database_writer(const std::filesystem::path& file,
                                               const database_kind& kind,
                                               const connection_settings& settings) {
  if (auto done = make_private_when_missing(file); !done)
    return done.error();
  auto database = sqlite_database::open(file, sqlite_database::access::write);
  if (!database)
    return database;
  if (auto done = prepare_connection(*database, kind, settings); !done)
    return database_failure(*database, done.error(), file);
  if (auto done = check_structure_of(*database); !done)
    return database_failure(*database, done.error(), file);
  if (auto done = kind.check(*database); !done)
    return database_failure(*database, done.error(), file);
  return database;
}

expected<opened_database> open_kept_database(const std::filesystem::path& file,
                                             const database_kind& kind,
                                             const connection_settings& settings) {
  std::vector<std::string> damage;
  auto adopted = adopt_salvaged(file);
  if (!adopted)
    return std::move(adopted.error());
  if (*adopted) {
    damage.push_back("an earlier start found " + file.string() +
                     " damaged and saved what could be read; the damaged file is " +
                     damaged_database_path(file).string());
  }
  if (auto kept = keep_damaged_log(file, damage); !kept)
    return kept.error();
  auto writer = open_or_salvage(file, kind, settings, damage);
  if (!writer)
    return std::move(writer.error());
  return opened_database{std::move(*writer), std::move(damage)};
}

std::filesystem::path damaged_database_path(const std::filesystem::path& file) {
  return file.string() + ".damaged";
}

std::filesystem::path salvaged_database_path(const std::filesystem::path& file) {
  return file.string() + ".salvaged";
}

expected<void> shrink_database(sqlite_database& database) {
  const auto all = database.query_integer("PRAGMA page_count");
  if (!all)
    return all.error();
  const auto unused = database.query_integer("PRAGMA freelist_count");
  if (!unused)
    return unused.error();
  const auto kept = std::max(unused_pages_min, *all / unused_share);
  if (*unused <= kept)
    return {};
  const auto given_back = std::min(pages_given_back, *unused - kept);
  return database.execute("PRAGMA incremental_vacuum(" + std::to_string(given_back) + ")");
}

std::uint64_t database_file_bytes(const std::filesystem::path& file) {
  std::uint64_t sum = 0;
  for (const auto* ending : {"", "-wal"}) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(file.string() + ending, failed);
    sum += failed ? 0 : bytes;
  }
  return sum;
}

}  // namespace libagent
