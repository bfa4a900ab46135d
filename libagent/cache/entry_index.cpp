#include "libagent/cache/entry_index.hpp"

#include "libagent/base/contract.hpp"

#include <utility>

namespace libagent {

entry_index::entry_index() : places_(16), mask_{places_.size() - 1} {}

cache_slot entry_index::insert(const cache_entry_facts& facts) {
  if ((size_ + 1) * 4 > places_.size() * 3)
    grow();
  auto slot = first_free_;
  if (slot == none) {
    slot = static_cast<cache_slot>(facts_.size());
    LIBAGENT_EXPECTS(slot < none);
    facts_.push_back(facts);
  } else {
    first_free_ = static_cast<cache_slot>(facts_[slot].key_hash);
    facts_[slot] = facts;
  }
  put({slot, tag_of(facts.key_hash)});
  ++size_;
  return slot;
}

void entry_index::erase(cache_slot slot) {
  std::size_t hole = tag_of(facts_[slot].key_hash) & mask_;
  while (places_[hole].slot != slot) {
    LIBAGENT_EXPECTS(places_[hole].slot != none);
    hole = (hole + 1) & mask_;
  }
  // What was pushed past the hole moves back, so that no look-up stops too early.
  for (auto at = (hole + 1) & mask_; places_[at].slot != none; at = (at + 1) & mask_) {
    const auto home = places_[at].tag & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      places_[hole] = places_[at];
      hole = at;
    }
  }
  places_[hole] = {};
  facts_[slot].key_hash = first_free_;
  first_free_ = slot;
  --size_;
}

void entry_index::set_weight(cache_slot slot, std::uint32_t charge_bytes, std::uint32_t cost) {
  facts_[slot].charge_bytes = charge_bytes;
  facts_[slot].cost = cost;
}

std::size_t entry_index::memory_bytes() const {
  return facts_.capacity() * sizeof(cache_entry_facts) + places_.capacity() * sizeof(place);
}

void entry_index::put(const place& taken) {
  std::size_t at = taken.tag & mask_;
  while (places_[at].slot != none)
    at = (at + 1) & mask_;
  places_[at] = taken;
}

void entry_index::grow() {
  const auto old = std::exchange(places_, std::vector<place>(places_.size() * 2));
  mask_ = places_.size() - 1;
  for (const auto& taken : old) {
    if (taken.slot != none)
      put(taken);
  }
}

}  // namespace libagent
