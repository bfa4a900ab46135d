#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

namespace libagent {

/// Teaches a connection the full-text tokenizer `libagent`: the terms of `term_reader`.
///
/// Sharing the cutter with the ranking keeps the two in step, makes Chinese searchable, and spares
/// storing a segmented copy of every text. Function words are left out. In a query every quoted
/// string counts as one finished term. Needed before any use of a table made with it.
expected<void> register_fts_tokenizer(sqlite_database& database);

}  // namespace libagent
