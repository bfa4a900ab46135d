#pragma once

#include "libagent/cache/cache_objective.hpp"
#include "libagent/cache/entry_index.hpp"
#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/slot_array.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace libagent {

/// How much of the accesses a panel of experts sees.
struct panel_sample {
  std::size_t exact_entries_max = 8192;    ///< All of them up to so many entries in the cache.
  std::size_t sampled_entries_max = 4096;  ///< Beyond, a share with at most so many of them.
};

/// Complete caches without values, each under another policy, that all see the same accesses; the
/// leader is the one to follow.
///
/// An expert takes the lead once it has saved a tenth of a cache more than the leader (at least
/// 32 average entries), so that a change costs no more than was gained before it. The sum of what
/// it saved more is a CUSUM (Page, Biometrika 1954) with a floor: it never falls lower than four
/// such leads, so that what was long ago does not count, and a short streak is not enough. What is
/// saved is counted by objective.
///
/// In a cache of moderate size the experts see every access. In a large one they see the keys of a
/// hashed share of 1/2^k, with as much less capacity (SHARDS: Waldspurger et al., FAST 2015). The
/// experts share one index of keys; its slots are no slots of the owner. Thread safety: none.
class expert_panel {
public:
  static constexpr std::size_t experts_max = 8;

  /// @pre One to `experts_max` experts, the leader among them; positive sizes of the sample.
  expert_panel(cache_objective objective, const std::vector<policy_factory>& experts,
               std::size_t leader, const panel_sample& sample = {});

  /// Shows the experts a look-up: who does not hold the entry takes it in. May change the leader.
  void observe(const cache_entry_facts& facts);

  /// Lets every expert with room for it take an entry in, without counting that as an access.
  void offer(const cache_entry_facts& facts);

  /// A value was replaced by one of another charge or cost.
  void update(const cache_entry_facts& facts);

  /// An entry was erased, or became too old.
  void erase(std::uint64_t key_hash);

  /// Changes the capacity of the cache that the experts stand for. What no longer fits leaves with
  /// the next accesses, a slice at a time.
  void resize(std::uint64_t capacity_bytes);

  /// Adapts the sampled share to the number of entries in the cache.
  void fit(std::size_t resident_entries);

  /// Exchanges an expert; the new one starts with what the leader holds.
  /// @pre `expert` does not lead.
  void replace(std::size_t expert, const policy_factory& make_policy);

  /// Makes an expert the leader, whatever was counted so far.
  void lead(std::size_t expert);

  [[nodiscard]] std::size_t leader() const { return leader_; }

  [[nodiscard]] const eviction_policy& leading_policy() const { return *experts_[leader_].policy; }

  /// How often the leader changed by its own.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }

  /// Whether the experts see every access.
  [[nodiscard]] bool is_exact() const { return sample_bits_ == 0; }

  [[nodiscard]] bool leader_holds(std::uint64_t key_hash) const;

  /// Lets the leader evict one entry if it is over its capacity; returns whether it did.
  bool shrink_leader();

  /// Exchanges `hashes`, which must be empty, for those of the entries that the leader evicted
  /// since the last call, while exact.
  void take_dropped(std::vector<std::uint64_t>& hashes) { dropped_.swap(hashes); }

  [[nodiscard]] std::size_t memory_bytes() const;

private:
  struct panelist {
    std::unique_ptr<eviction_policy> policy;
    std::uint64_t charged_bytes = 0;
    std::size_t entries = 0;
    double advantage = 0;  // over the leader, in worth saved
  };

  using holders = std::uint8_t;  // a bit for each expert

  [[nodiscard]] bool is_sampled(std::uint64_t key_hash) const;
  [[nodiscard]] bool holds(holders who, std::size_t expert) const;
  void take_in(std::size_t expert, cache_slot slot);
  [[nodiscard]] cache_slot add(const cache_entry_facts& facts);
  void let_go(std::size_t expert, cache_slot slot);
  void evict_one(std::size_t expert);
  void make_room(std::size_t expert, std::uint64_t charge_bytes);
  void judge(holders hit, double worth);
  void set_sample_bits(unsigned bits);

  cache_objective objective_;
  panel_sample sample_;
  entry_index entries_;          // of what at least one expert holds
  slot_array<holders> held_by_;  // by slot
  std::vector<panelist> experts_;
  std::vector<std::uint64_t> dropped_;
  std::size_t leader_ = 0;
  std::uint64_t cache_bytes_ = 0;     // of the cache that the experts stand for
  std::uint64_t capacity_bytes_ = 0;  // of each expert
  double mean_worth_ = 0;             // of the accesses lately
  std::uint64_t accesses_ = 0;
  std::uint64_t changes_ = 0;
  unsigned sample_bits_ = 0;
};

}  // namespace libagent
