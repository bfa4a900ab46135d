#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/session_store.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

struct sqlite_session_options {
  std::filesystem::path file;  ///< Made with its directories when missing; only its owner reads it.
  /// The log is brought into the database when it is so long; it stays about so long.
  std::uint64_t checkpoint_bytes = std::uint64_t{4} << 20U;
  /// Most memory for pages of the file; nothing else is kept of a session.
  std::uint64_t cache_bytes = std::uint64_t{4} << 20U;
  /// How long a call waits for another program that has the file locked.
  std::chrono::milliseconds lock_patience{200};
  /// Called in every commit: `sessions.before_commit`, `sessions.after_write` (all is written but
  /// not yet committed), `sessions.after_commit`. For tests of crashes; usually empty.
  std::function<void(std::string_view point)> crash_point;
};

struct opened_session_store {
  session_store_ptr store;          ///< Never null.
  std::vector<std::string> damage;  ///< What was lost of an earlier file, for people.
};

/// Opens a store of sessions in an SQLite database with a write-ahead log; every commit is on the
/// disk before it returns.
///
/// A session of which a row is not what was written is `corrupt`; all others are served, and it can
/// be erased. Lists leave a session out whose head is damaged. A file whose structure is damaged is
/// moved to `<file>.damaged`, and what can be read of it into a new file.
/// The file is this process's alone: `<file>.lock` is held.
/// Errors: `errc::unavailable` when another process has it; `errc::unsupported` when a newer
/// program made the file, which is left as it is; `errc::corrupt` when it is another program's
/// database; `errc::io_failed`.
[[nodiscard]] expected<opened_session_store> open_sqlite_session_store(
    sqlite_session_options options);

}  // namespace libagent
