#pragma once

#include "libagent/cache/access_patterns.hpp"
#include "libagent/cache/cache_objective.hpp"
#include "libagent/cache/trace_replay.hpp"

#include <cstdint>

namespace libagent {

/// Replays a trace with Belady's MIN (IBM Systems Journal 5, 1966), which knows the future: what is
/// requested again last, or never, leaves first. Every object that fits is taken in.
///
/// With equal charges no policy that takes everything in hits more often. With real charges it is a
/// good yardstick, not a bound: see `hit_bound`. O(n log n).
[[nodiscard]] replay_outcome replay_belady(const access_trace& trace, std::uint64_t capacity_bytes);

/// The share of requests, bytes or cost that no cache of this capacity can exceed on this trace,
/// whatever it knows and whatever it refuses to keep: 0 to 1.
///
/// Berger, Beckmann, Harchol-Balter 2018 (PFOO-L): a hit occupies charge x requests of waiting, and
/// all hits together cannot occupy more than capacity x requests; those that are worth most for
/// what they occupy are taken first, the last one in part. O(n log n).
[[nodiscard]] double hit_bound(const access_trace& trace, std::uint64_t capacity_bytes,
                               cache_objective objective);

}  // namespace libagent
