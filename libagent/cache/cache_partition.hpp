#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/cache_times.hpp"
#include "libagent/cache/entry_index.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/slot_array.hpp"
#include "libagent/cache/timer_wheel.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// An entry of a cache. The value is shared with whoever was served it, and never changes.
struct cache_record {
  std::string key;
  std::shared_ptr<const std::string> value;
  cache_times times;
  cache_saving saving;
};

/// The entries of one tenant, with a policy of their own: what another tenant does changes
/// neither what is found here nor the order in which entries leave.
///
/// Knows no limits: its owner says when something has to go. Thread safety: none.
class cache_partition {
public:
  cache_partition(const policy_factory& make_policy, std::uint64_t capacity_bytes);

  cache_partition(const cache_partition&) = delete;
  cache_partition& operator=(const cache_partition&) = delete;
  ~cache_partition() = default;

  /// The slot of `key`, or `no_slot`; an entry whose key only has the same hash is none.
  [[nodiscard]] cache_slot find(std::uint64_t key_hash, std::string_view key) const;

  /// The slot with this hash, whatever its key, or `no_slot`.
  [[nodiscard]] cache_slot find(std::uint64_t key_hash) const { return index_.find(key_hash); }

  /// Asks the processor to fetch the record with this hash. Returns it, or null; reading
  /// it at once waits for memory all the same.
  [[nodiscard]] const cache_record* prefetch(std::uint64_t key_hash) const {
    const auto slot = index_.find(key_hash);
    if (slot == no_slot)
      return nullptr;
    __builtin_prefetch(records_[slot].get());
    return records_[slot].get();
  }

  /// @pre An entry is in `slot`.
  [[nodiscard]] const cache_record& record(cache_slot slot) const { return *records_[slot]; }

  [[nodiscard]] const cache_entry_facts& facts(cache_slot slot) const { return index_.facts(slot); }

  /// The entry was served.
  void hit(cache_slot slot) { policy_->on_hit(slot); }

  /// An entry is about to be inserted; room for it is made afterwards.
  void admit(const cache_entry_facts& facts) { policy_->on_admit(facts); }

  /// @pre No entry has this hash.
  void insert(const cache_entry_facts& facts, cache_record record, time_point now);

  /// Puts another record in the place of one with the same key. That is not a use of the entry.
  void replace(cache_slot slot, const cache_entry_facts& facts, cache_record record,
               time_point now);

  void erase(cache_slot slot);

  /// Drops the entry that the policy picks; returns its charge, or nothing when there is none.
  std::optional<std::uint64_t> evict();

  /// Drops an entry that is gone at `now`; returns whether there was one, at a cost in `steps` as
  /// in `timer_wheel::pop_due`.
  bool drop_expired(time_point now, std::uint32_t& steps);

  /// Tells the policy how large it should think it is, if that is not much the same as before:
  /// small changes are not worth rescaling its queues.
  void suggest_capacity(std::uint64_t capacity_bytes, bool is_exact);

  [[nodiscard]] std::uint64_t charged_bytes() const { return charged_bytes_; }

  [[nodiscard]] std::size_t entries() const { return index_.size(); }

  [[nodiscard]] const eviction_policy& policy() const { return *policy_; }

  /// Heap bytes beside the records.
  [[nodiscard]] std::size_t memory_bytes() const;

private:
  // Frees what the slot holds; the policy has been told or has chosen it itself.
  void release(cache_slot slot);
  void file(cache_slot slot, time_point gone_at, time_point now);

  entry_index index_;
  std::unique_ptr<eviction_policy> policy_;
  slot_array<std::unique_ptr<cache_record>> records_;
  timer_wheel ends_;
  std::uint64_t charged_bytes_ = 0;
  std::uint64_t suggested_bytes_ = 0;
};

}  // namespace libagent
