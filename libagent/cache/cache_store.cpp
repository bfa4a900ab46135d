#include "libagent/cache/cache_store.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

cache_store::cache_store(cache_store_options options, std::unique_ptr<eviction_policy> policy)
    : options_{options}, policy_{std::move(policy)} {
  LIBAGENT_EXPECTS(policy_ != nullptr);
  LIBAGENT_EXPECTS(options_.evictions_per_slice > 0 && options_.evicted_bytes_per_slice > 0);
  policy_->on_resize(options_.capacity_bytes);
}

const std::string* cache_store::find(std::string_view key, time_point now) {
  const auto found = table_.find(key);
  if (found != table_.end() && now < found->second.expires_at) {
    ++counters_.hits;
    policy_->on_hit(found->second.slot);
    return &found->second.value;
  }
  ++counters_.misses;
  if (found != table_.end()) {
    ++counters_.expirations;
    remove(found);
  }
  policy_->on_miss(key_hasher{}(key));
  return nullptr;
}

put_outcome cache_store::put(std::string_view key, std::string value, time_point expires_at) {
  evict_slice();
  const auto found = table_.find(key);
  const auto charge = key.size() + value.size() + entry_overhead_bytes;
  const auto outcome = outcome_for(charge);
  if (outcome != put_outcome::stored) {
    counters_.rejections += outcome == put_outcome::off ? 0 : 1;
    if (found != table_.end())
      remove(found);
    return outcome;
  }
  const cache_entry_facts facts{key_hasher{}(key), charge};
  value.shrink_to_fit();
  if (found == table_.end()) {
    insert(key, std::move(value), facts, expires_at);
  } else {
    replace(found, std::move(value), facts, expires_at);
  }
  evict_slice();
  return outcome;
}

bool cache_store::erase(std::string_view key) {
  const auto found = table_.find(key);
  if (found == table_.end())
    return false;
  remove(found);
  return true;
}

void cache_store::set_capacity(std::uint64_t capacity_bytes) {
  options_.capacity_bytes = capacity_bytes;
  policy_->on_resize(capacity_bytes);
}

bool cache_store::evict_slice() {
  std::uint64_t freed_bytes = 0;
  for (std::uint32_t i = 0; i < options_.evictions_per_slice; ++i) {
    if (!is_over_capacity() || freed_bytes >= options_.evicted_bytes_per_slice)
      break;
    const auto victim = policy_->evict();
    LIBAGENT_EXPECTS(victim.has_value());
    const auto found = table_.find(*keys_[*victim]);
    freed_bytes += found->second.charge_bytes;
    ++counters_.evictions;
    release(found);
  }
  return is_over_capacity();
}

bool cache_store::purge_slice(time_point now) {
  for (std::uint32_t i = 0; i < options_.evictions_per_slice; ++i) {
    const auto due = expiry_.first_due(now);
    if (!due)
      return false;
    ++counters_.expirations;
    remove(table_.find(*keys_[*due]));
  }
  return expiry_.first_due(now).has_value();
}

put_outcome cache_store::outcome_for(std::uint64_t charge_bytes) const {
  if (options_.capacity_bytes == 0)
    return put_outcome::off;
  if (charge_bytes > std::min(options_.capacity_bytes, options_.entry_bytes_max))
    return put_outcome::too_large;
  return is_over_capacity() ? put_outcome::no_room : put_outcome::stored;
}

void cache_store::insert(std::string_view key, std::string value, const cache_entry_facts& facts,
                         time_point expires_at) {
  const auto added = table_.try_emplace(std::string{key}).first;
  const auto slot = take_slot(added->first);
  added->second = {std::move(value), facts.charge_bytes, expires_at, slot};
  charged_bytes_ += facts.charge_bytes;
  remember_expiry(slot, expires_at);
  policy_->on_insert(slot, facts);
}

void cache_store::replace(table::iterator found, std::string value, const cache_entry_facts& facts,
                          time_point expires_at) {
  auto& old = found->second;
  charged_bytes_ = charged_bytes_ - old.charge_bytes + facts.charge_bytes;
  old.value = std::move(value);
  old.charge_bytes = facts.charge_bytes;
  old.expires_at = expires_at;
  remember_expiry(old.slot, expires_at);
  policy_->on_update(old.slot, facts);
}

void cache_store::remember_expiry(cache_slot slot, time_point expires_at) {
  if (expires_at == never) {
    expiry_.remove(slot);
  } else {
    expiry_.set(slot, expires_at);
  }
}

void cache_store::remove(table::iterator found) {
  policy_->on_remove(found->second.slot);
  release(found);
}

void cache_store::release(table::iterator found) {
  const auto slot = found->second.slot;
  expiry_.remove(slot);
  charged_bytes_ -= found->second.charge_bytes;
  keys_[slot] = nullptr;
  free_slots_.push_back(slot);
  table_.erase(found);
}

cache_slot cache_store::take_slot(const std::string& key) {
  if (free_slots_.empty()) {
    keys_.push_back(&key);
    // So that giving the slot back allocates nothing: growing a large array in the middle of a
    // shrink made glibc tidy its whole heap, 12 ms in one slice.
    free_slots_.reserve(keys_.capacity());
    return static_cast<cache_slot>(keys_.size() - 1);
  }
  const auto slot = free_slots_.back();
  free_slots_.pop_back();
  keys_[slot] = &key;
  return slot;
}

}  // namespace libagent
