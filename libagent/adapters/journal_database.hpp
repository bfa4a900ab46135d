#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/journal.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace libagent {

/// The file of a journal with its two connections: writing and reading do not wait for each other.
struct opened_journal_database {
  sqlite_database writer;
  sqlite_database reader;
  /// What was lost of an earlier file; see `salvage_journal`.
  std::vector<std::string> damage;
};

/// Opens the file, and makes it when missing; checks its structure, and salvages what is there when
/// that is damaged. Errors: as `open_sqlite_journal`.
[[nodiscard]] expected<opened_journal_database> open_journal_database(
    const std::filesystem::path& file, journal_sync sync, std::chrono::milliseconds lock_patience);

/// Where a damaged file goes, and where what was saved of it lies until it takes its place.
[[nodiscard]] std::filesystem::path damaged_journal_path(const std::filesystem::path& file);
[[nodiscard]] std::filesystem::path salvaged_journal_path(const std::filesystem::path& file);

/// Opens one connection for writing, with its tables ready.
[[nodiscard]] expected<sqlite_database> open_journal_writer(const std::filesystem::path& file,
                                                            journal_sync sync,
                                                            std::chrono::milliseconds patience);

/// When what is repaired ended.
[[nodiscard]] unix_millis journal_clock_now();

/// The length of the file with its log.
[[nodiscard]] std::uint64_t journal_file_bytes(const std::filesystem::path& file);

}  // namespace libagent
