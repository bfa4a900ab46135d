#pragma once

#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/slot_lists.hpp"

namespace libagent {

/// Evicts the entry that came first, used or not. 9 bytes an entry.
///
/// The yardstick of the others, and the least work on a hit: none. Replacing a value changes
/// nothing.
class fifo_policy final : public eviction_policy {
public:
  [[nodiscard]] std::string_view name() const override { return "fifo"; }

  void on_hit(cache_slot /*slot*/) override {}

  void on_insert(cache_slot slot) override { order_.push_newest(0, slot); }

  void on_update(cache_slot /*slot*/, const cache_entry_facts& /*old_facts*/) override {}

  void on_remove(cache_slot slot) override { order_.remove(slot); }

  [[nodiscard]] std::optional<cache_slot> evict() override {
    const auto victim = order_.oldest(0);
    if (victim == no_slot)
      return std::nullopt;
    order_.remove(victim);
    return victim;
  }

  [[nodiscard]] std::size_t memory_bytes() const override { return order_.memory_bytes(); }

private:
  slot_lists<1> order_;
};

}  // namespace libagent
