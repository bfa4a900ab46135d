#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/error.hpp"

#include <filesystem>

namespace libagent {

/// What the failed call on `database` means for a store, whose error it returned.
///
/// `unavailable` for what may pass: no space left, locked by another program, no memory;
/// `io_failed` and `corrupt` for what does not. To be called before anything else is done with the
/// database.
[[nodiscard]] error database_failure(const sqlite_database& database, error failure,
                                     const std::filesystem::path& file);

/// Whether the last call on `database` failed. Some errors are a store's own and follow calls that
/// succeeded.
[[nodiscard]] bool is_database_error(const sqlite_database& database);

/// Whether nothing may be written any more after such an error.
[[nodiscard]] bool is_final(const error& failure);

}  // namespace libagent
