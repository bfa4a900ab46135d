#include "libagent/cache/entry_index.hpp"

#include <utility>

namespace libagent {

namespace {

constexpr double entries_per_bucket = 3.4;  // of six: more cost a second look too often

}  // namespace

entry_index::entry_index() {
  grow();
}

void entry_index::grow() {
  LIBAGENT_EXPECTS(size_ < none);
  const auto old = std::exchange(buckets_, {});
  buckets_.resize(old.size() + old.size() / 8 + 2);
  size_max_ = static_cast<std::size_t>(static_cast<double>(buckets_.size()) * entries_per_bucket);
  for (const auto& from : old) {
    const auto empty = from.places_with(0);
    for (auto taken = bucket::all_places & ~empty; taken != 0; taken &= taken - 1) {
      const auto slot = from.slots[bucket::first(taken)];
      put(facts_[slot].key_hash, slot);
    }
  }
}

}  // namespace libagent
