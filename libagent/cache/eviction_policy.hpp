#pragma once

#include "libagent/cache/entry_index.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace libagent {

/// Decides which entry leaves when a cache is over its capacity.
///
/// The owner of the entries reports what happens and asks for victims. To take in a new entry it
/// calls `on_admit`, then `evict` until the newcomer fits, then `on_insert`. While a policy runs,
/// the facts of every resident entry, also of one that is just leaving, are in the index that the
/// policy was made with. Every call costs amortised O(1), or O(log n) where the policy orders by
/// priority. Policies count in bytes of charge. Thread safety: none; one owner has one policy.
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

  /// An absent entry is about to be taken in; called once, before room is made for it.
  virtual void on_admit(const cache_entry_facts& incoming) { static_cast<void>(incoming); }

  /// The new entry took `slot`, which was free.
  virtual void on_insert(cache_slot slot) = 0;

  /// The value in `slot` was replaced; the index has the new facts, `old_facts` are the former.
  /// Whether that counts as a use is the policy's choice.
  virtual void on_update(cache_slot slot, const cache_entry_facts& old_facts) = 0;

  /// The entry leaves for another reason than eviction: erased, or too old.
  virtual void on_remove(cache_slot slot) = 0;

  /// Picks the entry to leave next, and forgets it as resident. Empty when there is none.
  [[nodiscard]] virtual std::optional<cache_slot> evict() = 0;

  /// Called once before anything else, and whenever the capacity changes. Policies with internal
  /// targets rescale them and keep what they learnt; the owner asks for the victims afterwards, a
  /// slice at a time.
  virtual void on_resize(std::uint64_t capacity_bytes) { static_cast<void>(capacity_bytes); }

  /// Heap bytes that the policy holds, for the memory benchmark and the statistics.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

}  // namespace libagent
