#include "libagent/cache/lru_policy.hpp"

namespace libagent {

std::optional<cache_slot> lru_policy::evict() {
  const auto victim = order_.oldest(0);
  if (victim == entry_index::none)
    return std::nullopt;
  order_.remove(victim);
  return victim;
}

}  // namespace libagent
