#pragma once

#include "libagent/cache/cache_slot.hpp"
#include "libagent/cache/hash_buckets.hpp"
#include "libagent/cache/slot_array.hpp"

#include <cstddef>
#include <cstdint>

namespace libagent {

/// What a policy may know of an entry. The key itself is the business of the owner; policies that
/// remember evicted entries ("ghosts") do so by hash.
struct cache_entry_facts {
  std::uint64_t key_hash = 0;      ///< Well mixed, and keyed where keys come from outside.
  std::uint32_t charge_bytes = 0;  ///< Against the capacity: key, value and overhead.
  std::uint32_t cost = 1;          ///< Of computing the value again, in the owner's unit.
};

/// Finds the slot of an entry by the hash of its key, and keeps the facts of each slot.
///
/// Growing in small steps keeps it at 26 to 28 bytes an entry. Two keys of one hash are one entry
/// here; who keeps keys compares them. Thread safety: none.
class entry_index {
public:
  static constexpr cache_slot none = no_slot;

  entry_index() { grow(); }

  /// The slot of the entry with this hash, or `none`.
  [[nodiscard]] cache_slot find(std::uint64_t key_hash) const {
    return slots_by_hash_.find(key_hash,
                               [&](cache_slot slot) { return facts_[slot].key_hash == key_hash; });
  }

  /// Gives a free slot to a new entry: the one that became free last.
  /// @pre `find(facts.key_hash)` is `none`.
  cache_slot insert(const cache_entry_facts& facts) {
    if (size_ == size_max_)
      grow();
    const auto slot = first_free_ == none ? static_cast<cache_slot>(facts_.size()) : first_free_;
    auto& mine = facts_.grow_to(slot);
    if (slot == first_free_)
      first_free_ = static_cast<cache_slot>(mine.key_hash);
    mine = facts;
    slots_by_hash_.put(facts.key_hash, slot);
    ++size_;
    return slot;
  }

  /// Frees the slot.
  /// @pre An entry is in it.
  void erase(cache_slot slot) {
    auto& mine = facts_[slot];
    slots_by_hash_.remove(mine.key_hash, slot);
    mine.key_hash = first_free_;
    first_free_ = slot;
    --size_;
  }

  /// Changes charge and cost of a resident entry.
  void set_weight(cache_slot slot, std::uint32_t charge_bytes, std::uint32_t cost) {
    facts_[slot].charge_bytes = charge_bytes;
    facts_[slot].cost = cost;
  }

  /// @pre An entry is in `slot`.
  [[nodiscard]] const cache_entry_facts& facts(cache_slot slot) const { return facts_[slot]; }

  /// Resident entries.
  [[nodiscard]] std::size_t size() const { return size_; }

  /// One more than the largest slot that was ever given out.
  [[nodiscard]] std::size_t slots() const { return facts_.size(); }

  [[nodiscard]] std::size_t memory_bytes() const {
    return facts_.memory_bytes() + slots_by_hash_.memory_bytes();
  }

private:
  void grow();

  slot_array<cache_entry_facts> facts_;  // a free slot holds the next free one as its hash
  hash_buckets slots_by_hash_;
  std::size_t size_ = 0;
  std::size_t size_max_ = 0;
  cache_slot first_free_ = none;
};

}  // namespace libagent
