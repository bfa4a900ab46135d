#pragma once

#include "libagent/cache/eviction_policy.hpp"

#include <cstdint>
#include <vector>

namespace libagent {

/// Evicts the entry that was not used for the longest time.
///
/// A doubly linked list threaded through an array: 8 bytes an entry, no allocation on a hit.
/// Replacing a value counts as a use, so what was just written is not the next victim.
class lru_policy final : public eviction_policy {
public:
  lru_policy();

  [[nodiscard]] std::string_view name() const override { return "lru"; }

  void on_hit(cache_slot slot) override;
  void on_insert(cache_slot slot, const cache_entry_facts& facts) override;
  void on_update(cache_slot slot, const cache_entry_facts& facts) override;
  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;

private:
  struct link {
    std::uint32_t older = 0;
    std::uint32_t newer = 0;
  };

  void attach_newest(std::uint32_t node);
  void detach(std::uint32_t node);

  // Node 0 is the list's head: its `newer` is the oldest entry, its `older` the newest. The entry
  // in slot s is node s + 1. A node that links to itself is not in the list.
  std::vector<link> links_;
};

}  // namespace libagent
