#include "libagent/cache/cache_partition.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

cache_partition::cache_partition(const policy_factory& make_policy, std::uint64_t capacity_bytes)
    : policy_{make_policy(index_)}, suggested_bytes_{capacity_bytes} {
  LIBAGENT_EXPECTS(policy_ != nullptr);
  policy_->on_resize(capacity_bytes);
}

cache_slot cache_partition::find(std::uint64_t key_hash, std::string_view key) const {
  const auto slot = index_.find(key_hash);
  return slot == no_slot || records_[slot]->key != key ? no_slot : slot;
}

void cache_partition::insert(const cache_entry_facts& facts, cache_record record, time_point now) {
  const auto slot = index_.insert(facts);
  auto& mine = records_.grow_to(slot);
  mine = std::make_unique<cache_record>(std::move(record));
  charged_bytes_ += facts.charge_bytes;
  file(slot, mine->times.error_until, now);
  policy_->on_insert(slot);
}

void cache_partition::replace(cache_slot slot, const cache_entry_facts& facts, cache_record record,
                              time_point now) {
  const auto old = index_.facts(slot);
  index_.set_weight(slot, facts.charge_bytes, facts.cost);
  charged_bytes_ += facts.charge_bytes;
  charged_bytes_ -= old.charge_bytes;
  auto& mine = *records_[slot];
  mine = std::move(record);
  file(slot, mine.times.error_until, now);
  // Some policies take an update for a use, so they only hear of one that changes their facts.
  if (old.charge_bytes != facts.charge_bytes || old.cost != facts.cost)
    policy_->on_update(slot, old);
}

void cache_partition::erase(cache_slot slot) {
  policy_->on_remove(slot);
  release(slot);
}

std::optional<std::uint64_t> cache_partition::evict() {
  const auto victim = policy_->evict();
  if (!victim)
    return std::nullopt;
  const auto freed_bytes = index_.facts(*victim).charge_bytes;
  release(*victim);
  return freed_bytes;
}

bool cache_partition::drop_expired(time_point now, std::uint32_t& steps) {
  while (const auto slot = ends_.pop_due(now, steps)) {
    const auto gone_at = records_[*slot]->times.error_until;
    if (gone_at <= now) {
      erase(*slot);
      return true;
    }
    file(*slot, gone_at, now);  // farther away than the wheel reaches
  }
  return false;
}

void cache_partition::suggest_capacity(std::uint64_t capacity_bytes, bool is_exact) {
  const auto change =
      std::max(capacity_bytes, suggested_bytes_) - std::min(capacity_bytes, suggested_bytes_);
  if (change == 0 || (!is_exact && change < suggested_bytes_ / 4))
    return;
  suggested_bytes_ = capacity_bytes;
  policy_->on_resize(capacity_bytes);
}

std::size_t cache_partition::memory_bytes() const {
  return index_.memory_bytes() + policy_->memory_bytes() + records_.memory_bytes() +
         ends_.memory_bytes();
}

void cache_partition::release(cache_slot slot) {
  ends_.remove(slot);
  charged_bytes_ -= index_.facts(slot).charge_bytes;
  records_[slot].reset();
  index_.erase(slot);
}

void cache_partition::file(cache_slot slot, time_point gone_at, time_point now) {
  if (gone_at == time_point::max()) {
    ends_.remove(slot);
  } else {
    ends_.set(slot, gone_at, now);
  }
}

}  // namespace libagent
