#pragma once

#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"
#include "libagent/cache/cache_counters.hpp"
#include "libagent/cache/cache_partition.hpp"
#include "libagent/cache/cache_requests.hpp"
#include "libagent/cache/cache_times.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/siphash.hpp"
#include "libagent/cache/size_advisor.hpp"
#include "libagent/cache/tenant_shares.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

struct cache_store_options {
  std::uint64_t capacity_bytes = 64ULL << 20U;  ///< 0 turns the store off.
  std::uint64_t entry_bytes_max = 4ULL << 20U;  ///< Larger entries are not admitted.
  std::uint32_t evictions_per_slice = 128;      ///< Bounds the time of every call; at least 1.
  std::uint64_t evicted_bytes_per_slice = 8ULL << 20U;  ///< Freeing large values takes time too.
  /// How eager early refreshes are: see `is_due_early`; 0 turns them off.
  double early_refresh_beta = 1.0;
  tenant_options tenants;
  size_advisor_options advice;
  hash_key key;            ///< Secret: who knows it can choose keys that collide.
  std::uint64_t seed = 0;  ///< For the chance in early refreshes.
};

enum class put_outcome : std::uint8_t {
  stored,
  off,           ///< The capacity is zero.
  too_large,     ///< The entry alone passes the capacity or `entry_bytes_max`.
  no_room,       ///< One slice of evictions was not enough. Each try gets closer.
  tenant_quota,  ///< The entry alone passes what the tenant may have, or a tenant too many.
};

/// What a look-up found.
struct cache_found {
  std::shared_ptr<const std::string> value;  ///< Null when there is nothing to serve.
  cache_freshness freshness = cache_freshness::gone;
  duration age{};
};

/// Values by tenant and key, bounded in bytes, each until it is too old or the policy evicts it.
///
/// Tenants are partitions with an index and a policy each; how they share the room says
/// `tenant_shares`. A single tenant has it all. An entry is charged its key, its value and a flat
/// overhead. After every call charge and reservations are within the capacity together, unless
/// `set_capacity` has made it smaller and `evict_slice` has not caught up yet; until then nothing
/// is admitted. No call evicts or expires more than a slice. Thread safety: none.
class cache_store {
public:
  /// What an entry costs beyond the bytes of its key and value: the record, the value's control
  /// block, index, policy, timer wheel, and the allocator's rounding.
  static constexpr std::uint64_t entry_overhead_bytes = 288;

  /// @pre The limits of `options` are positive, but for the capacity.
  cache_store(cache_store_options options, policy_factory make_policy);

  /// Looks up what can be served at `now` and counts it. A value that is good after a failure only
  /// counts as a miss, and is not in the answer: see `find_after_failure`.
  /// @pre `now` never goes back from call to call.
  [[nodiscard]] cache_found find(std::string_view tenant, std::string_view key, time_point now);

  /// Asks the processor to fetch what `find` will need for each of these names, so that the waits
  /// for memory overlap. Changes nothing.
  void prefetch(std::span<const cache_name> names) const;

  /// The value to serve when computing a newer one failed: any that is not gone. Counts only when
  /// there is one, as `failure_served`.
  [[nodiscard]] cache_found find_after_failure(std::string_view tenant, std::string_view key,
                                               time_point now);

  /// Stores or replaces. Whatever the outcome, an older value of `key` is gone afterwards.
  /// @pre `value` is not null.
  put_outcome put(std::string_view tenant, std::string_view key,
                  std::shared_ptr<const std::string> value, const cache_times& times,
                  const cache_saving& saving, time_point now);

  /// Returns whether there was such an entry.
  bool erase(std::string_view tenant, std::string_view key);

  /// Sets bytes of the capacity aside, for values that are being computed, after making room for
  /// them. False when there is too little room within one slice of evictions, and when all
  /// reservations would pass half of the capacity; nothing changes then.
  [[nodiscard]] bool reserve(std::uint64_t bytes);

  /// @pre As much is reserved.
  void release(std::uint64_t bytes);

  /// What another capacity would bring.
  [[nodiscard]] size_advice advice(time_point now) { return advisor_.advice(now); }

  /// Changes the capacity without evicting; follow with `evict_slice` until it returns false.
  void set_capacity(std::uint64_t capacity_bytes);
  /// Evicts one slice of what is over the capacity. Returns whether there is more to do.
  bool evict_slice();
  /// Drops one slice of what is gone at `now`. Returns whether there is more to do.
  bool purge_slice(time_point now);

  [[nodiscard]] bool is_over_capacity() const { return used_bytes() > options_.capacity_bytes; }

  [[nodiscard]] std::uint64_t capacity_bytes() const { return options_.capacity_bytes; }

  [[nodiscard]] std::uint64_t charged_bytes() const { return charged_bytes_; }

  [[nodiscard]] std::uint64_t reserved_bytes() const { return reserved_bytes_; }

  [[nodiscard]] std::size_t entries() const;

  /// Tenants that hold something.
  [[nodiscard]] std::size_t tenants() const { return shares_.holders(); }

  /// What one tenant is charged.
  [[nodiscard]] std::uint64_t charged_bytes(std::string_view tenant) const;

  [[nodiscard]] const cache_counters& counters() const { return counters_; }

  [[nodiscard]] std::string_view policy_name() const { return policy_name_; }

  /// Heap bytes of indexes, policies and wheels, beside keys and values.
  [[nodiscard]] std::size_t memory_bytes() const;

private:
  using tenant_id = tenant_shares::id;

  struct place {
    tenant_id tenant = 0;
    cache_slot slot = no_slot;
  };

  // What a call may still evict.
  struct slice {
    std::uint32_t evictions = 0;
    std::uint64_t bytes = 0;
  };

  static constexpr tenant_id no_tenant = ~tenant_id{0};

  [[nodiscard]] put_outcome prepare(std::string_view tenant, std::string_view key,
                                    std::uint64_t charge, const cache_entry_facts& incoming);
  [[nodiscard]] put_outcome make_room(tenant_id owner, const cache_entry_facts& incoming,
                                      slice& left);
  bool shrink(slice& left);
  [[nodiscard]] bool evict_from(tenant_id giver, slice& left);
  [[nodiscard]] cache_freshness freshness_at(const place& where, time_point now);
  [[nodiscard]] bool draws_early_refresh(const cache_record& found, time_point now);
  [[nodiscard]] cache_found serve(const place& where, cache_freshness freshness, time_point now);
  [[nodiscard]] place locate(std::string_view tenant, std::string_view key) const;
  void remove(const place& where);
  void count_refusal(put_outcome why);

  [[nodiscard]] tenant_id tenant_of(std::string_view tenant) const;
  [[nodiscard]] tenant_id open_tenant(std::string_view tenant);
  void drop_empty_tenants();
  void settle(tenant_id tenant, std::uint64_t before);
  void rescale(tenant_id tenant, bool is_exact);

  [[nodiscard]] slice whole_slice() const {
    return {options_.evictions_per_slice, options_.evicted_bytes_per_slice};
  }

  [[nodiscard]] std::uint64_t used_bytes() const { return charged_bytes_ + reserved_bytes_; }

  [[nodiscard]] std::uint64_t room_bytes() const {
    return options_.capacity_bytes - std::min(options_.capacity_bytes, reserved_bytes_);
  }

  cache_store_options options_;
  policy_factory make_policy_;
  std::string policy_name_;
  seeded_random random_;
  size_advisor advisor_;
  tenant_shares shares_;
  std::vector<std::unique_ptr<cache_partition>> partitions_;  // by tenant id
  std::map<std::string, tenant_id, std::less<>> tenants_;
  tenant_id purge_next_ = 0;
  std::uint64_t charged_bytes_ = 0;
  std::uint64_t reserved_bytes_ = 0;
  cache_counters counters_;
};

}  // namespace libagent
