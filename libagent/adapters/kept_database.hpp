#pragma once

#include "libagent/adapters/database_schema.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/table_rescue.hpp"
#include "libagent/base/expected.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace libagent {

/// Pages of a kept database have so many bytes.
inline constexpr std::size_t database_page_bytes = 4'096;

/// What could be saved of a damaged database.
struct saved_rows {
  std::int64_t things = 0;        ///< Tasks, sessions: what the database is about.
  std::vector<std::string> said;  ///< What became of it, for people.
};

/// A kind of database whose content must outlive damage: how its files are made, known, and saved.
class database_kind {
public:
  database_kind() = default;
  database_kind(const database_kind&) = delete;
  database_kind& operator=(const database_kind&) = delete;
  virtual ~database_kind() = default;

  [[nodiscard]] virtual database_schema schema() const = 0;

  /// Tables that only this kind has; a first page that names one is its own, damaged as it may be.
  [[nodiscard]] virtual std::vector<std::string> own_tables() const = 0;

  /// The tables to save, as they are in a file of whatever version.
  [[nodiscard]] virtual std::vector<rescued_table> tables(sqlite_database& from) const = 0;

  /// Looks for damage that SQLite's check of the structure does not see. Errors: `corrupt`.
  [[nodiscard]] virtual expected<void> check(sqlite_database& database) const = 0;

  /// Copies what can be read into an empty database, within a transaction of the caller's.
  [[nodiscard]] virtual expected<saved_rows> rescue(sqlite_database& from,
                                                    sqlite_database& to) const = 0;
};

/// How a kept database is used.
struct connection_settings {
  const char* synchronous = "FULL";            ///< SQLite's word for when to wait for the disk.
  std::chrono::milliseconds lock_patience{0};  ///< How long another program is waited for.
  std::uint64_t cache_bytes = 4ULL << 20U;     ///< Most memory for pages.
};

/// A file ready for writing, and what was lost of an earlier one.
struct opened_database {
  sqlite_database writer;
  std::vector<std::string> damage;
};

/// Opens the file, and makes it when missing, for its owner only; checks its structure, and saves
/// what is there when that is damaged: the damaged file goes aside. A log of which commits are lost
/// is copied aside.
///
/// Errors: `errc::unsupported` when a newer program made the file, which is left as it is;
/// `errc::corrupt` when it is another program's; as `database_failure`.
[[nodiscard]] expected<opened_database> open_kept_database(const std::filesystem::path& file,
                                                           const database_kind& kind,
                                                           const connection_settings& settings);

/// Opens one connection for writing to a sound or a new file, with its tables ready.
[[nodiscard]] expected<sqlite_database> open_database_writer(const std::filesystem::path& file,
                                                             const database_kind& kind,
                                                             const connection_settings& settings);

/// Where a damaged file goes, and where what was saved of it lies until it takes its place.
[[nodiscard]] std::filesystem::path damaged_database_path(const std::filesystem::path& file);
[[nodiscard]] std::filesystem::path salvaged_database_path(const std::filesystem::path& file);

/// Gives some pages back when many are unused.
[[nodiscard]] expected<void> shrink_database(sqlite_database& database);

/// The length of the file with its log.
[[nodiscard]] std::uint64_t database_file_bytes(const std::filesystem::path& file);

}  // namespace libagent
