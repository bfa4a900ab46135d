#pragma once

#include "libagent/adapters/database_schema.hpp"

namespace libagent {

/// The tables of a journal.
[[nodiscard]] database_schema journal_schema();

}  // namespace libagent
