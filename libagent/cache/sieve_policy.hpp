#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/slot_array.hpp"
#include "libagent/cache/slot_lists.hpp"

#include <cstdint>

namespace libagent {

/// SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi, NSDI 2024): a queue in the order of arrival, and a
/// hand that walks it from old to new, spares once who was used since it last came by, and evicts
/// the first who was not. 10 bytes an entry.
///
/// Keeps hot entries where they are and sifts out the rest soon, so it is strong on skewed use;
/// it does not resist scans and loops. Replacing a value counts as a use.
class sieve_policy final : public eviction_policy {
public:
  [[nodiscard]] std::string_view name() const override { return "sieve"; }

  void on_hit(cache_slot slot) override {
    LIBAGENT_EXPECTS(order_.contains(slot));
    used_[slot] = 1;
  }

  void on_insert(cache_slot slot) override {
    order_.push_newest(0, slot);
    used_.grow_to(slot) = 0;
  }

  void on_update(cache_slot slot, const cache_entry_facts& /*old_facts*/) override { on_hit(slot); }

  void on_remove(cache_slot slot) override {
    if (slot == hand_)
      hand_ = order_.newer(slot);
    order_.remove(slot);
  }

  /// Amortised O(1): the hand passes an entry at most once for each time it was used.
  [[nodiscard]] std::optional<cache_slot> evict() override {
    auto victim = hand_ == no_slot ? order_.oldest(0) : hand_;
    if (victim == no_slot)
      return std::nullopt;
    while (used_[victim] != 0) {
      used_[victim] = 0;
      victim = order_.newer(victim);
      if (victim == no_slot)
        victim = order_.oldest(0);
    }
    hand_ = order_.newer(victim);
    order_.remove(victim);
    return victim;
  }

  [[nodiscard]] std::size_t memory_bytes() const override {
    return order_.memory_bytes() + used_.memory_bytes();
  }

private:
  slot_lists<1> order_;
  slot_array<std::uint8_t> used_;
  cache_slot hand_ = no_slot;  // the next candidate; none: start with the oldest
};

}  // namespace libagent
