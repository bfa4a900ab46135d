#pragma once

#include <cstdint>
#include <limits>

namespace libagent {

/// Names an entry while it is resident. Small and dense, so that a policy can keep what it knows
/// of an entry in an array; a slot is used again after its entry has left.
using cache_slot = std::uint32_t;

/// No slot.
inline constexpr cache_slot no_slot = std::numeric_limits<cache_slot>::max();

}  // namespace libagent
