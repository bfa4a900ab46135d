#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/journal.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace libagent {

struct sqlite_journal_options {
  std::filesystem::path file;  ///< Made with its directories when missing.
  journal_sync sync = journal_sync::group;
  journal_retention retention;
  /// The log is brought into the database when it is so long; it stays about so long.
  std::uint64_t checkpoint_bytes = std::uint64_t{4} << 20U;
  /// How long a commit waits for another program that has the file locked.
  std::chrono::milliseconds lock_patience{200};
  /// Called in every commit: `journal.before_commit`, `journal.after_write` (all is written but not
  /// yet committed), `journal.after_commit`. For tests of crashes; usually empty.
  std::function<void(std::string_view point)> crash_point;
};

/// Opens a journal in an SQLite database with a write-ahead log.
///
/// A file whose structure is damaged is moved to `<file>.damaged`, and what can be read of it into
/// a new file; `load` then says what was saved. Single damaged rows are found by their sums: a task
/// with one ends `dead` with `errc::corrupt`, which `load` writes down and reports.
/// The file is this process's alone: `<file>.lock` is held.
/// Errors: `errc::unavailable` when another process has it; `errc::unsupported` when a newer
/// program made the file, which is left as it is; `errc::corrupt` when it is another program's
/// database; `errc::io_failed`.
[[nodiscard]] expected<journal_ptr> open_sqlite_journal(sqlite_journal_options options);

}  // namespace libagent
