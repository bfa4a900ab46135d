#include "libagent/cache/ghost_cache.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

ghost_cache::ghost_cache(std::uint64_t capacity_bytes, const policy_factory& make_policy)
    : policy_{make_policy(index_)}, capacity_bytes_{capacity_bytes} {
  policy_->on_resize(capacity_bytes);
}

bool ghost_cache::access(const cache_entry_facts& facts) {
  const auto found = index_.find(facts.key_hash);
  if (found != entry_index::none) {
    policy_->on_hit(found);
    return true;
  }
  if (facts.charge_bytes > capacity_bytes_)
    return false;
  policy_->on_admit(facts);
  make_room_for(facts.charge_bytes);
  policy_->on_insert(index_.insert(facts));
  charged_bytes_ += facts.charge_bytes;
  return false;
}

bool ghost_cache::erase(std::uint64_t key_hash) {
  const auto found = index_.find(key_hash);
  if (found == entry_index::none)
    return false;
  policy_->on_remove(found);
  charged_bytes_ -= index_.facts(found).charge_bytes;
  index_.erase(found);
  return true;
}

void ghost_cache::resize(std::uint64_t capacity_bytes) {
  capacity_bytes_ = capacity_bytes;
  policy_->on_resize(capacity_bytes);
  make_room_for(0);
}

void ghost_cache::make_room_for(std::uint64_t charge_bytes) {
  while (charged_bytes_ + charge_bytes > capacity_bytes_) {
    const auto victim = policy_->evict();
    LIBAGENT_EXPECTS(victim.has_value());
    charged_bytes_ -= index_.facts(*victim).charge_bytes;
    index_.erase(*victim);
  }
}

}  // namespace libagent
