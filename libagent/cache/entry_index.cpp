#include "libagent/cache/entry_index.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

// Comes when there are as many entries as never before, so no slot is free.
void entry_index::grow() {
  LIBAGENT_EXPECTS(size_ == facts_.size() && size_ < none);
  const auto buckets = slots_by_hash_.size() + slots_by_hash_.size() / 8 + 2;
  slots_by_hash_.reset(buckets);
  size_max_ = static_cast<std::size_t>(static_cast<double>(buckets) * hash_buckets::good_load);
  for (cache_slot slot = 0; slot < size_; ++slot)
    slots_by_hash_.put(facts_[slot].key_hash, slot);
}

}  // namespace libagent
