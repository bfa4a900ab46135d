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
  /// What was lost of an earlier file; see `open_kept_database`.
  std::vector<std::string> damage;
};

/// Opens the file, and makes it when missing; checks its structure, and salvages what is there when
/// that is damaged. Errors: as `open_sqlite_journal`.
[[nodiscard]] expected<opened_journal_database> open_journal_database(
    const std::filesystem::path& file, journal_sync sync, std::chrono::milliseconds lock_patience);

/// When what is repaired ended.
[[nodiscard]] unix_millis journal_clock_now();

}  // namespace libagent
