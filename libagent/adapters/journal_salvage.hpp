#pragma once

#include "libagent/adapters/kept_database.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <vector>

namespace libagent {

/// The tables of a journal to save.
[[nodiscard]] std::vector<rescued_table> journal_tables(sqlite_database& from);

/// Copies what can be read of a damaged journal into an empty one. A task of which only the id is
/// left, in an index, ended `dead` at `now`.
[[nodiscard]] expected<saved_rows> rescue_journal(sqlite_database& from, sqlite_database& to,
                                                  unix_millis now);

}  // namespace libagent
