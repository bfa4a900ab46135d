#include "actors/cache_route.hpp"

namespace libagent::actors {

std::uint32_t cache_route::shard_of(const cache_name& name) const {
  if (shards <= 1)
    return 0;
  const auto hash = hash_in_tenant(key, name.tenant, name.key);
  // The upper half; the shard's own table starts from the lower one, and with another key.
  return static_cast<std::uint32_t>((hash >> 32U) * shards >> 32U);
}

std::vector<std::string> cache_route::paths() const {
  std::vector<std::string> all;
  all.reserve(shards);
  for (std::uint32_t shard = 0; shard < shards; ++shard)
    all.push_back(path_of(shard));
  return all;
}

}  // namespace libagent::actors
