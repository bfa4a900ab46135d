#pragma once

#include "libagent/cache/entry_index.hpp"

#include <cstdint>
#include <string_view>

namespace libagent {

/// What a cache is to save most of.
enum class cache_objective : std::uint8_t {
  hits,   ///< Every hit counts the same; small entries are worth more per byte.
  bytes,  ///< A hit counts its charge; every byte is worth the same.
  cost,   ///< A hit counts what computing the value again would have cost.
};

/// The spelling in configuration and reports.
[[nodiscard]] constexpr std::string_view to_string(cache_objective objective) {
  switch (objective) {
    using enum cache_objective;
    case bytes: return "bytes";
    case cost: return "cost";
    case hits: break;
  }
  return "hits";
}

/// What a hit on an entry with these facts is worth.
[[nodiscard]] constexpr std::uint64_t worth_of(const cache_entry_facts& facts,
                                               cache_objective objective) {
  switch (objective) {
    using enum cache_objective;
    case bytes: return facts.charge_bytes;
    case cost: return facts.cost;
    case hits: break;
  }
  return 1;
}

}  // namespace libagent
