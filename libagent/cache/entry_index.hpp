#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace libagent {

/// Names an entry while it is resident. Small and dense, so that a policy can keep what it knows
/// of an entry in an array; a slot is used again after its entry has left.
using cache_slot = std::uint32_t;

/// What a policy may know of an entry. The key itself is the business of the owner; policies that
/// remember evicted entries ("ghosts") do so by hash.
struct cache_entry_facts {
  std::uint64_t key_hash = 0;      ///< Well mixed, and keyed where keys come from outside.
  std::uint32_t charge_bytes = 0;  ///< Against the capacity: key, value and overhead.
  std::uint32_t cost = 1;          ///< Of computing the value again, in the owner's unit.
};

/// Finds the slot of an entry by the hash of its key, and keeps the facts of each slot.
///
/// Linear probing over pairs of slot and half a hash, at most three quarters full, beside an array
/// of facts: 27 to 37 bytes an entry. Boost's flat set needs ten bytes less and a third more time:
/// most calls here are a miss, which finds, erases and inserts. Two keys of one hash are one entry
/// here; who keeps keys compares them. Thread safety: none.
class entry_index {
public:
  /// No slot.
  static constexpr cache_slot none = std::numeric_limits<cache_slot>::max();

  entry_index();

  /// The slot of the entry with this hash, or `none`.
  [[nodiscard]] cache_slot find(std::uint64_t key_hash) const {
    const auto tag = tag_of(key_hash);
    for (auto at = tag & mask_;; at = (at + 1) & mask_) {
      const auto [slot, its_tag] = places_[at];
      if (slot == none)
        return none;
      if (its_tag == tag && facts_[slot].key_hash == key_hash)
        return slot;
    }
  }

  /// Gives a free slot to a new entry: the one that became free last.
  /// @pre `find(facts.key_hash)` is `none`.
  cache_slot insert(const cache_entry_facts& facts);

  /// Frees the slot.
  /// @pre An entry is in it.
  void erase(cache_slot slot);

  /// Changes charge and cost of a resident entry.
  void set_weight(cache_slot slot, std::uint32_t charge_bytes, std::uint32_t cost);

  /// @pre An entry is in `slot`.
  [[nodiscard]] const cache_entry_facts& facts(cache_slot slot) const { return facts_[slot]; }

  /// Resident entries.
  [[nodiscard]] std::size_t size() const { return size_; }

  /// One more than the largest slot that was ever given out.
  [[nodiscard]] std::size_t slots() const { return facts_.size(); }

  [[nodiscard]] std::size_t memory_bytes() const;

private:
  struct place {
    cache_slot slot = none;
    std::uint32_t tag = 0;  // says where the entry would like to be, so that moving it is local
  };

  static std::uint32_t tag_of(std::uint64_t key_hash) {
    return static_cast<std::uint32_t>(key_hash >> 32U);
  }

  void put(const place& taken);
  void grow();

  std::vector<cache_entry_facts> facts_;  // by slot; a free one holds the next free slot
  std::vector<place> places_;             // a power of two of them
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  cache_slot first_free_ = none;
};

}  // namespace libagent
