#pragma once

#include "libagent/cache/access_patterns.hpp"
#include "libagent/cache/cache_objective.hpp"
#include "libagent/cache/ghost_cache.hpp"

#include <cstdint>

namespace libagent {

/// What a cache was asked for, and what of it was there.
struct replay_outcome {
  std::uint64_t requests = 0;
  std::uint64_t hits = 0;
  std::uint64_t requested_bytes = 0;
  std::uint64_t hit_bytes = 0;
  std::uint64_t requested_cost = 0;
  std::uint64_t hit_cost = 0;

  void add(const cache_entry_facts& object, bool is_hit);

  /// The share of requests, bytes or cost that the cache did not save: 0 to 1; 1 when nothing was
  /// asked for.
  [[nodiscard]] double miss_ratio(cache_objective objective = cache_objective::hits) const;
};

/// Sends all requests to an empty cache of this capacity.
[[nodiscard]] replay_outcome replay(const access_trace& trace, std::uint64_t capacity_bytes,
                                    const policy_factory& make_policy);

}  // namespace libagent
