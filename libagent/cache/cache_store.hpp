#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/expiry_index.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace libagent {

struct cache_store_options {
  std::uint64_t capacity_bytes = 64ULL << 20U;  ///< 0 turns the store off.
  std::uint64_t entry_bytes_max = 4ULL << 20U;  ///< Larger entries are not admitted.
  std::uint32_t evictions_per_slice = 128;      ///< Bounds the time of every call; at least 1.
  std::uint64_t evicted_bytes_per_slice = 8ULL << 20U;  ///< Freeing large values takes time too.
};

/// What the store did so far.
struct cache_counters {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t rejections = 0;
};

enum class put_outcome : std::uint8_t {
  stored,
  off,        ///< The capacity is zero.
  too_large,  ///< The entry alone passes the capacity or `entry_bytes_max`.
  no_room,    ///< Evictions are behind after a resize; nothing is admitted until they are done.
};

/// Values by key, bounded in bytes, each until it is too old or the policy evicts it.
///
/// An entry is charged its key, its value and a flat overhead. After every call the charge is
/// within the capacity, but for two cases: after `set_capacity` to less, until `evict_slice` has
/// caught up; and after a `put` that would have to evict more than a slice, by that entry at most.
/// No call does more than a slice of evictions. Thread safety: none.
class cache_store {
public:
  /// What an entry costs beyond the bytes of its key and value: the table's node, slot, links,
  /// expiry, and the allocator's rounding (measured: docs/concepts/cache.md).
  static constexpr std::uint64_t entry_overhead_bytes = 208;
  static constexpr time_point never = time_point::max();

  /// @pre `policy` is set, `options.evictions_per_slice` and `evicted_bytes_per_slice` positive.
  cache_store(cache_store_options options, std::unique_ptr<eviction_policy> policy);

  /// The value of `key`, or null; valid until the next call that is not const. Counts a hit or a
  /// miss, tells the policy, and drops the entry when it is too old at `now`.
  [[nodiscard]] const std::string* find(std::string_view key, time_point now);

  /// Stores or replaces. Whatever the outcome, an older value of `key` is gone afterwards.
  put_outcome put(std::string_view key, std::string value, time_point expires_at);

  /// Returns whether there was such an entry.
  bool erase(std::string_view key);

  /// Changes the capacity without evicting; follow with `evict_slice` until it returns false.
  void set_capacity(std::uint64_t capacity_bytes);
  /// Evicts one slice of what is over the capacity. Returns whether there is more to do.
  bool evict_slice();
  /// Drops one slice of what is too old at `now`. Returns whether there is more to do.
  bool purge_slice(time_point now);

  [[nodiscard]] bool is_over_capacity() const { return charged_bytes_ > options_.capacity_bytes; }

  [[nodiscard]] std::uint64_t capacity_bytes() const { return options_.capacity_bytes; }

  [[nodiscard]] std::uint64_t charged_bytes() const { return charged_bytes_; }

  [[nodiscard]] std::size_t entries() const { return table_.size(); }

  [[nodiscard]] const cache_counters& counters() const { return counters_; }

  [[nodiscard]] std::string_view policy_name() const { return policy_->name(); }

private:
  struct entry {
    std::string value;
    std::uint64_t charge_bytes = 0;
    time_point expires_at = never;
    cache_slot slot = 0;
  };

  struct key_hasher {
    using is_transparent = void;

    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };

  using table = std::unordered_map<std::string, entry, key_hasher, std::equal_to<>>;

  [[nodiscard]] put_outcome outcome_for(std::uint64_t charge_bytes) const;
  void insert(std::string_view key, std::string value, const cache_entry_facts& facts,
              time_point expires_at);
  void replace(table::iterator found, std::string value, const cache_entry_facts& facts,
               time_point expires_at);
  void remember_expiry(cache_slot slot, time_point expires_at);
  void remove(table::iterator found);
  // Frees the entry and its slot; the policy has been told or has chosen it itself.
  void release(table::iterator found);
  cache_slot take_slot(const std::string& key);

  cache_store_options options_;
  std::unique_ptr<eviction_policy> policy_;
  table table_;
  std::vector<const std::string*> keys_;  // by slot; table nodes do not move
  std::vector<cache_slot> free_slots_;
  expiry_index expiry_;
  std::uint64_t charged_bytes_ = 0;
  cache_counters counters_;
};

}  // namespace libagent
