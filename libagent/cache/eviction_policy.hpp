#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace libagent {

/// Names an entry while it is resident. Small and dense, so that a policy can keep what it knows
/// of an entry in an array; a slot is used again after its entry has left.
using cache_slot = std::uint32_t;

/// What a policy may know of an entry. The key itself is the store's business; policies that
/// remember evicted entries ("ghosts") do so by hash.
struct cache_entry_facts {
  std::uint64_t key_hash = 0;
  std::uint64_t charge_bytes = 0;  ///< Cost against capacity: key, value and overhead.
};

/// Decides which entry leaves when a cache is over its capacity.
///
/// The store reports what happens and asks for victims; it inserts first and evicts afterwards,
/// so a policy that filters admission answers with the newcomer itself. Every call costs amortised
/// O(1), or O(log n) where the policy orders by priority. Policies count in bytes of charge.
/// Thread safety: none; one store owns one policy.
class eviction_policy {
public:
  eviction_policy() = default;
  eviction_policy(const eviction_policy&) = delete;
  eviction_policy& operator=(const eviction_policy&) = delete;
  virtual ~eviction_policy() = default;

  /// The policy's name in statistics and configuration, for example `lru`.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// A look-up found the entry in `slot`.
  virtual void on_hit(cache_slot slot) = 0;

  /// A look-up found nothing. Policies that count demand for absent keys override it.
  virtual void on_miss(std::uint64_t key_hash) { static_cast<void>(key_hash); }

  /// A new entry took `slot`, which was free.
  virtual void on_insert(cache_slot slot, const cache_entry_facts& facts) = 0;
  /// The value in `slot` was replaced; whether that counts as a use is the policy's choice.
  virtual void on_update(cache_slot slot, const cache_entry_facts& facts) = 0;
  /// The entry left for another reason than eviction: erased, or too old.
  virtual void on_remove(cache_slot slot) = 0;
  /// Picks the entry to leave next, and forgets it as resident. Empty when there is none.
  [[nodiscard]] virtual std::optional<cache_slot> evict() = 0;

  /// The capacity changed. Policies with internal targets rescale them and keep what they learnt;
  /// the store asks for the victims afterwards, a slice at a time.
  virtual void on_resize(std::uint64_t capacity_bytes) { static_cast<void>(capacity_bytes); }
};

}  // namespace libagent
