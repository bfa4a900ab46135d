#pragma once

#include "libagent/base/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace libagent::testing {

/// A well mixed hash for each small number.
inline std::uint64_t hash_of(std::uint64_t key) {
  return seeded_random{key}();
}

/// Keys below 100, skewed, mixed with a loop over 60 others, two scans of new keys, and a pool of
/// 400 that is used evenly: enough to exercise what distinguishes the policies at 10 to 200.
inline std::vector<std::uint64_t> mixed_requests(std::uint64_t seed, std::size_t count) {
  seeded_random draw{seed};
  std::vector<std::uint64_t> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto skewed = static_cast<std::uint64_t>(100 * std::pow(draw.unit(), 3));
    const auto eighth = i * 8 / count;
    const auto is_scan = eighth == 2 || eighth == 5;
    if (is_scan && draw() % 4 != 0)
      keys.push_back(10'000 + i);
    else if (draw() % 3 == 0)
      keys.push_back(eighth % 2 == 0 ? 1'000 + i % 60 : 2'000 + draw() % 400);
    else
      keys.push_back(skewed);
  }
  return keys;
}

/// Runs requests of equal weight through a cache and a plain model of it; returns how often they
/// disagreed whether it was a hit.
template <class Cache, class Model>
std::size_t disagreements(Cache& cache, Model& model, const std::vector<std::uint64_t>& keys) {
  std::size_t found = 0;
  for (const auto key : keys) {
    const auto cache_hit = cache.access({.key_hash = hash_of(key), .charge_bytes = 1});
    found += cache_hit != model.access(key) ? 1U : 0U;
  }
  return found;
}

}  // namespace libagent::testing
