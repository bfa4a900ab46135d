#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace libagent {

/// The file behind a `sqlite_cache_level`, ready for use by one process.
struct opened_cache_database {
  sqlite_database database;
  /// Why an earlier file was put aside and an empty one begun; it says where that file is now.
  std::optional<error> replaced;
};

/// Opens the file, and makes it with its directories when missing.
///
/// A file that is damaged or no cache is moved to `<file>.damaged`, over an earlier one, and an
/// empty cache begun: losing a cache costs time, refusing to start costs more. `bytes_max` limits
/// the file; a longer one keeps its length until it is vacuumed.
/// Errors: `errc::unsupported` when a newer program made the file, which is left as it is;
/// `errc::unavailable` when another process uses it; `errc::io_failed`.
[[nodiscard]] expected<opened_cache_database> open_cache_database(const std::filesystem::path& file,
                                                                  std::uint64_t bytes_max);

/// Where a damaged file goes.
[[nodiscard]] std::filesystem::path damaged_cache_path(const std::filesystem::path& file);

/// Moves the file with its log there. @pre nobody has it open.
expected<void> move_cache_database_aside(const std::filesystem::path& file);

/// Deletes the file with its log. @pre nobody has it open.
expected<void> delete_cache_database(const std::filesystem::path& file);

/// Sets the limit on the length of the file; not below its present length.
expected<void> limit_cache_database(sqlite_database& database, std::uint64_t bytes_max);

}  // namespace libagent
