#pragma once

#include "libagent/memory/memory_ledger.hpp"
#include "libagent/ports/tool.hpp"

#include <cstdint>

namespace libagent {

/// Reserves memory for a tool: `tool_context::reserve` by a ledger.
/// Errors: `errc::overloaded`, saying how much is free.
[[nodiscard]] expected<memory_hold> hold_memory(memory_ledger& ledger, std::uint64_t bytes);

}  // namespace libagent
