#pragma once

#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/reference_history.hpp"
#include "libagent/cache/slot_array.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace libagent {

struct lru_k_options {
  std::uint32_t k = 2;  ///< How many references count; 2 to 64.
  /// References to an entry closer than this share of the number of residents, in references to
  /// the cache, count as one, and protect it; 0 to 4. With 0 a burst of uses looks like
  /// lasting interest, and the policy often is worse than LRU.
  double correlated_share = 0.25;
  /// How many evicted entries are remembered, as a multiple of the number of residents.
  double history_share = 1.0;
  /// References after which the time stamps are made smaller; tests lower it.
  std::uint32_t stamp_max = std::numeric_limits<std::uint32_t>::max() / 2;
};

/// LRU-K (O'Neil, O'Neil, Weikum, SIGMOD 1993): evicts the entry whose K-th last uncorrelated
/// reference is the longest ago; those with fewer than K go first, least recently used first.
/// With K = 2: 21 bytes an entry, and 15 to 17 an evicted one.
///
/// O(log n) where an entry is evicted or leaves its correlated reference period, else O(1): a
/// reference only ever moves an entry back in the order, so its place in the heap is corrected
/// when it gets to the top, not before. Replacing a value is not a reference.
class lru_k_policy final : public eviction_policy {
public:
  explicit lru_k_policy(const entry_index& entries, const lru_k_options& options = {});

  [[nodiscard]] std::string_view name() const override { return "lru-k"; }

  void on_hit(cache_slot slot) override;
  void on_admit(const cache_entry_facts& incoming) override;
  void on_insert(cache_slot slot) override;

  void on_update(cache_slot /*slot*/, const cache_entry_facts& /*old_facts*/) override {}

  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;
  [[nodiscard]] std::size_t memory_bytes() const override;

private:
  struct node {
    std::uint32_t key = 0;  // at most the entry's present one
    cache_slot slot = no_slot;

    friend bool operator>(const node& a, const node& b) { return a.key > b.key; }
  };

  // The time of the last reference, correlated or not, 0 in a free slot; and whether the heap has
  // a node of the entry, be it with a key that is too small.
  class entry_state {
  public:
    [[nodiscard]] std::uint32_t last() const { return bits_ & ~node_bit; }

    [[nodiscard]] bool has_node() const { return (bits_ & node_bit) != 0; }

    void set_last(std::uint32_t time) { bits_ = (bits_ & node_bit) | time; }

    void set_node(bool has_node) { bits_ = last() | (has_node ? node_bit : 0); }

  private:
    static constexpr std::uint32_t node_bit = std::uint32_t{1} << 31U;

    std::uint32_t bits_ = 0;
  };

  // The K - 1 uncorrelated references before the last one, from the latest on; 0 where there is
  // none.
  [[nodiscard]] std::span<std::uint32_t> earlier(cache_slot slot) {
    return {&earlier_[slot * (k_ - 1)], k_ - 1};
  }

  // The last uncorrelated reference: where the burst of correlated ones that followed it began.
  [[nodiscard]] std::uint32_t burst_begin(cache_slot slot) const {
    return state_[slot].last() - bursts_[slot];
  }

  [[nodiscard]] std::uint32_t key_of(cache_slot slot);
  void tick();
  void begin_burst(cache_slot slot);
  void lengthen_burst(cache_slot slot);
  void end_correlated_periods();
  void add_node(cache_slot slot);
  std::optional<cache_slot> evict_uncorrelated();
  std::optional<cache_slot> evict_any();
  void forget(cache_slot slot);
  void sweep_heap();
  void rebase();

  const entry_index& entries_;
  lru_k_options options_;
  std::uint32_t k_;
  slot_array<entry_state> state_;
  slot_array<std::uint32_t> earlier_;  // K - 1 of them for each slot
  slot_array<std::uint16_t> bursts_;   // their length; a longer one counts from later
  std::vector<node> heap_;          // the smallest key first; some nodes of entries that have left
  std::vector<cache_slot> recent_;  // the slot referenced at time t, at t modulo its size
  std::uint32_t ended_ = 0;         // references up to this time are out of their period
  std::uint32_t now_ = 0;
  std::size_t residents_ = 0;
  reference_history history_;
  std::vector<std::uint32_t> incoming_;  // earlier references of the newcomer
  std::vector<std::uint32_t> outgoing_;  // and of the victim
};

}  // namespace libagent
