#include "libagent/adapters/cache_database.hpp"

#include <array>
#include <string>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

// Raise it with every change of the tables or of what is in them.
constexpr std::int64_t cache_format_version = 1;
constexpr std::int64_t cache_application_id = 0x6C616343;  // "lacC"

// What changes with every use and what is searched for victims is apart from the answers: marking
// an answer as used then writes a few bytes, not the answer. The numbers of an answer stand before
// its bytes, which may continue on other pages.
constexpr const char* create_cache_tables = R"sql(
  CREATE TABLE about(k0 INTEGER NOT NULL, k1 INTEGER NOT NULL);
  INSERT INTO about VALUES(random(), random());
  CREATE TABLE uses(
    id INTEGER PRIMARY KEY,
    last_use INTEGER NOT NULL,
    ends_at INTEGER NOT NULL);
  CREATE INDEX uses_by_time ON uses(last_use);
  CREATE INDEX uses_by_end ON uses(ends_at);
  CREATE TABLE answers(
    id INTEGER PRIMARY KEY,
    checksum INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    fresh_until INTEGER NOT NULL,
    stale_until INTEGER NOT NULL,
    error_until INTEGER NOT NULL,
    compute_ns INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    micro_cost INTEGER NOT NULL,
    tenant BLOB NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL);
)sql";

// Exclusive, as two processes would each count only their own changes; it also spares a lock for
// every read. NORMAL: after a power cut the last answers are missing and the file is sound. OFF
// would be a little faster, and could leave a torn file, which costs the whole cache.
constexpr const char* cache_pragmas =
    "PRAGMA busy_timeout=200; PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=NORMAL; "
    "PRAGMA secure_delete=OFF; PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; "
    "PRAGMA cache_size=-2048; PRAGMA journal_size_limit=4194304";

constexpr std::array<const char*, 3> file_endings{"", "-wal", "-shm"};

expected<void> create_cache(sqlite_database& database) {
  // Both modes must be set before there is a table, and outside of a transaction.
  if (auto done = database.execute("PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; "
                                   "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE");
      !done)
    return done;
  if (auto done = database.execute(create_cache_tables); !done)
    return done;
  return database.execute("PRAGMA user_version=" + std::to_string(cache_format_version) +
                          "; PRAGMA application_id=" + std::to_string(cache_application_id) +
                          "; COMMIT");
}

expected<void> create_or_check_cache(sqlite_database& database) {
  auto tables = database.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!tables)
    return std::move(tables.error());
  auto application = database.query_integer("PRAGMA application_id");
  if (!application)
    return std::move(application.error());
  auto version = database.query_integer("PRAGMA user_version");
  if (!version)
    return std::move(version.error());
  if (*tables == 0 && *application == 0)
    return create_cache(database);
  if (*application != cache_application_id)
    return error{errc::corrupt, "it is another program's database"};
  if (*version > cache_format_version) {
    return error{errc::unsupported, "it has format " + std::to_string(*version) +
                                        ", this program knows up to " +
                                        std::to_string(cache_format_version) +
                                        "; use a newer program or another file"};
  }
  if (*version != cache_format_version)
    return error{errc::corrupt, "it has the unknown format " + std::to_string(*version)};
  return {};
}

/// Reads the whole file once. A head or a list of free pages that was damaged would otherwise show
/// much later, as a file that is full and stays so, which looks like a full disk.
expected<void> check_structure(sqlite_database& database) {
  const auto faults = database.query_integer(
      "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'");
  if (!faults)
    return faults.error();
  if (*faults > 0)
    return error{errc::corrupt, "its pages contradict each other"};
  return {};
}

expected<sqlite_database> open_sound_cache(const std::filesystem::path& file,
                                           std::uint64_t bytes_max) {
  auto database = sqlite_database::open(file, sqlite_database::access::write);
  if (!database)
    return database;
  if (auto done = database->execute(cache_pragmas); !done)
    return done.error();
  if (auto done = create_or_check_cache(*database); !done)
    return done.error();
  if (auto done = check_structure(*database); !done)
    return done.error();
  if (auto done = limit_cache_database(*database, bytes_max); !done)
    return done.error();
  return database;
}

error with_cache_file(error failure, const std::filesystem::path& file) {
  failure.context = "open cache " + file.string() + ": " + failure.context;
  if (failure.code == errc::unavailable)
    failure.context += "; another process uses this file";
  return failure;
}

}  // namespace

expected<void> limit_cache_database(sqlite_database& database, std::uint64_t bytes_max) {
  auto page_size = database.query_integer("PRAGMA page_size");
  if (!page_size)
    return std::move(page_size.error());
  const auto pages = bytes_max / static_cast<std::uint64_t>(*page_size);
  return database.execute("PRAGMA max_page_count=" + std::to_string(pages));
}

expected<opened_cache_database> open_cache_database(const std::filesystem::path& file,
                                                    std::uint64_t bytes_max) {
  std::error_code failed;
  if (file.has_parent_path())
    std::filesystem::create_directories(file.parent_path(), failed);
  if (failed) {
    return error{errc::io_failed,
                 "make directory " + file.parent_path().string() + ": " + failed.message()};
  }
  auto opened = open_sound_cache(file, bytes_max);
  if (opened)
    return opened_cache_database{std::move(*opened), std::nullopt};
  auto damage = with_cache_file(std::move(opened.error()), file);
  if (damage.code != errc::corrupt)
    return damage;
  if (auto moved = move_cache_database_aside(file); !moved)
    return moved.error();
  damage.context += "; it is now " + damaged_cache_path(file).string();
  opened = open_sound_cache(file, bytes_max);
  if (!opened)
    return with_cache_file(std::move(opened.error()), file);
  return opened_cache_database{std::move(*opened), std::move(damage)};
}

std::filesystem::path damaged_cache_path(const std::filesystem::path& file) {
  return file.string() + ".damaged";
}

expected<void> move_cache_database_aside(const std::filesystem::path& file) {
  const auto aside = damaged_cache_path(file).string();
  if (auto deleted = delete_cache_database(aside); !deleted)
    return deleted;
  for (const auto* ending : file_endings) {
    std::error_code failed;
    std::filesystem::rename(file.string() + ending, aside + ending, failed);
    if (failed && failed != std::errc::no_such_file_or_directory) {
      return error{errc::io_failed,
                   "move " + file.string() + ending + " to " + aside + ": " + failed.message()};
    }
  }
  return {};
}

expected<void> delete_cache_database(const std::filesystem::path& file) {
  for (const auto* ending : file_endings) {
    std::error_code failed;
    std::filesystem::remove(file.string() + ending, failed);
    if (failed)
      return error{errc::io_failed, "delete " + file.string() + ending + ": " + failed.message()};
  }
  return {};
}

}  // namespace libagent
