#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <span>

namespace libagent {

/// The tables of one kind of database file.
struct database_schema {
  std::int64_t application_id = 0;  ///< By which its files are known; see SQLite's file format.
  /// Step 1 makes the tables of version 1, each further one takes a file of the version before it
  /// to the next. A released step never changes.
  std::span<const char* const> migrations;

  /// What a file of this program has.
  [[nodiscard]] std::int64_t version() const {
    return static_cast<std::int64_t>(migrations.size());
  }
};

/// Makes the tables of an empty database, or brings those of an older version up to date, all or
/// none of it.
///
/// Errors: `errc::unsupported` when a newer program made the file, which is left as it is;
/// `errc::corrupt` when it is another program's; those of SQLite.
[[nodiscard]] expected<void> prepare_schema(sqlite_database& database,
                                            const database_schema& schema);

}  // namespace libagent
