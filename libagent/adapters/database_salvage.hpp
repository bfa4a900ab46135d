#pragma once

#include "libagent/adapters/kept_database.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace libagent {

/// Makes a new database at `to` from what can be read of the damaged one at `from`, which stays as
/// it is; `to` is there when it is complete, and only then.
[[nodiscard]] expected<saved_rows> salvage_database(const std::filesystem::path& from,
                                                    const std::filesystem::path& to,
                                                    const database_kind& kind);

/// Copies the rows of all tables: from both ends, and between damaged pages. Rows are copied as
/// they are: whether they are what was written, their sums say later.
///
/// `numbered` is the table whose numbers the others go by. What became of each goes to `said`.
/// Errors: of the destination only.
[[nodiscard]] expected<void> rescue_tables(sqlite_database& from, sqlite_database& to,
                                           const std::vector<rescued_table>& tables,
                                           const std::string& numbered,
                                           std::vector<std::string>& said);

}  // namespace libagent
