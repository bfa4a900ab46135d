#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/cache/cache_slot.hpp"
#include "libagent/cache/slot_array.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

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
/// Buckets of half a cache line hold six slots, each with a byte of its hash, all compared at
/// once. A bucket counts the entries that found it full and went on to the next, so that a miss
/// stops early and erasing leaves no grave (after F14, Bronson and Shi 2019). Growing by an
/// eighth keeps it at 26 to 28 bytes an entry with the facts. Two keys of one hash are one entry
/// here; who keeps keys compares them. Thread safety: none.
class entry_index {
public:
  static constexpr cache_slot none = no_slot;

  entry_index();

  /// The slot of the entry with this hash, or `none`.
  [[nodiscard]] cache_slot find(std::uint64_t key_hash) const {
    auto at = home_of(key_hash);
    for (std::size_t probed = 0; probed < buckets_.size(); ++probed, at = after(at)) {
      const auto& here = buckets_[at];
      for (auto hits = here.places_with(tag_of(key_hash)); hits != 0; hits &= hits - 1) {
        const auto slot = here.slots[bucket::first(hits)];
        if (facts_[slot].key_hash == key_hash)
          return slot;
      }
      if (!here.passed())
        break;
    }
    return none;
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
    put(facts.key_hash, slot);
    ++size_;
    return slot;
  }

  /// Frees the slot.
  /// @pre An entry is in it.
  void erase(cache_slot slot) {
    const auto key_hash = facts_[slot].key_hash;
    auto at = home_of(key_hash);
    for (std::size_t probed = 0; !buckets_[at].remove(tag_of(key_hash), slot); at = after(at)) {
      LIBAGENT_EXPECTS(buckets_[at].passed() && ++probed < buckets_.size());
      buckets_[at].count_passed(~bucket::one_passed + 1);
    }
    facts_[slot].key_hash = first_free_;
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
    return facts_.memory_bytes() + buckets_.capacity() * sizeof(bucket);
  }

private:
  // Half a cache line. The lower six bytes of the head are the tags, where 0 is an empty place;
  // the upper two count who passed. A set of places is a word with bit 8 p + 7 set for place p.
  struct alignas(32) bucket {
    static constexpr std::size_t places = 6;
    static constexpr std::uint64_t all_places = 0x0000808080808080U;
    static constexpr std::uint64_t one_passed = std::uint64_t{1} << 48U;

    std::uint64_t head = 0;
    std::array<cache_slot, places> slots{};

    // The bytes equal to `tag`, all at once: a byte is zero when neither it nor the sum of its
    // low bits and 0x7F has the high bit.
    [[nodiscard]] std::uint64_t places_with(std::uint64_t tag) const {
      constexpr auto low_bits = ~all_places;
      const auto word = head ^ (tag * 0x0000010101010101U);
      return ~(((word & low_bits) + low_bits) | word | low_bits);
    }

    static std::size_t first(std::uint64_t places) {
      return static_cast<std::size_t>(std::countr_zero(places)) / 8;
    }

    [[nodiscard]] bool passed() const { return head >= one_passed; }

    // A count at its maximum no longer changes: look-ups then go on for nothing, at worst.
    void count_passed(std::uint64_t change) {
      if (head >> 48U != 0xFFFFU)
        head += change;
    }

    void put(std::uint64_t empty, std::uint64_t tag, cache_slot slot) {
      const auto place = first(empty);
      slots[place] = slot;
      head |= tag << (place * 8);
    }

    bool remove(std::uint64_t tag, cache_slot slot) {
      for (auto hits = places_with(tag); hits != 0; hits &= hits - 1) {
        const auto place = first(hits);
        if (slots[place] == slot) {
          head ^= tag << (place * 8);
          return true;
        }
      }
      return false;
    }
  };

  static std::uint64_t tag_of(std::uint64_t key_hash) {
    return std::max<std::uint64_t>(key_hash & 0xFFU, 1);
  }

  // The share of the upper half in the range of buckets, without a division (Lemire 2019).
  [[nodiscard]] std::size_t home_of(std::uint64_t key_hash) const {
    return static_cast<std::size_t>(((key_hash >> 32U) * buckets_.size()) >> 32U);
  }

  [[nodiscard]] std::size_t after(std::size_t at) const {
    return at + 1 == buckets_.size() ? 0 : at + 1;
  }

  void put(std::uint64_t key_hash, cache_slot slot) {
    auto at = home_of(key_hash);
    auto empty = buckets_[at].places_with(0);
    while (empty == 0) {
      buckets_[at].count_passed(bucket::one_passed);
      at = after(at);
      empty = buckets_[at].places_with(0);
    }
    buckets_[at].put(empty, tag_of(key_hash), slot);
  }

  void grow();

  slot_array<cache_entry_facts> facts_;  // a free slot holds the next free one as its hash
  std::vector<bucket> buckets_;
  std::size_t size_ = 0;
  std::size_t size_max_ = 0;
  cache_slot first_free_ = none;
};

}  // namespace libagent
