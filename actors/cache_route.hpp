#pragma once

#include "actors/paths.hpp"
#include "libagent/cache/cache_requests.hpp"
#include "libagent/cache/siphash.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace libagent::actors {

/// Says which shard of the cache has a name.
///
/// Shards are whole caches, each with its own thread and its share of the capacity. Which one has
/// a name follows from a hash with a key that nobody outside knows, so that nobody can send all
/// names to one shard. All askers of a node are given the same route. Thread safety: any thread.
struct cache_route {
  std::uint32_t shards = 1;  ///< At least 1.
  hash_key key;

  /// The path in the directory of the shard with this number, from 0.
  [[nodiscard]] static std::string path_of(std::uint32_t shard) {
    return std::string{cache_path} + "/" + std::to_string(shard + 1);
  }

  [[nodiscard]] std::string path_of(const cache_name& name) const {
    return path_of(shard_of(name));
  }

  [[nodiscard]] std::uint32_t shard_of(const cache_name& name) const;

  [[nodiscard]] std::vector<std::string> paths() const;
};

}  // namespace libagent::actors
