#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <span>

namespace libagent {

/// The steps that make a journal's tables, in order: step 1 makes those of version 1, each further
/// one takes a file of the version before it to the next. A released step never changes.
[[nodiscard]] std::span<const char* const> journal_migrations();

/// What a file of this program has.
[[nodiscard]] std::int64_t journal_schema_version();

/// Makes the tables of an empty database, or brings those of an older version up to date, all or
/// none of it.
///
/// Errors: `errc::unsupported` when a newer program made the file, which is left as it is;
/// `errc::corrupt` when it is another program's; those of SQLite.
[[nodiscard]] expected<void> prepare_journal_schema(sqlite_database& database);

}  // namespace libagent
