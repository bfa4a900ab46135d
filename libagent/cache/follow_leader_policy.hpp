#pragma once

#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/expert_panel.hpp"
#include "libagent/cache/slot_lists.hpp"

#include <cstdint>
#include <vector>

namespace libagent {

/// Evicts first what the leader of a panel does not hold, so that the contents become the
/// leader's; among equals the least recently used.
///
/// What the leader wants and is still there is never given up for anything else: a change of
/// leader costs the entries that the new one holds and the cache does not. Works while the panel
/// is exact. The owner shows each access to the panel first, then reports it here. 8 bytes an
/// entry. Thread safety: none.
class follow_leader_policy final : public eviction_policy {
public:
  /// Both outlive the policy.
  follow_leader_policy(const entry_index& entries, expert_panel& panel)
      : entries_{entries}, panel_{panel} {}

  [[nodiscard]] std::string_view name() const override { return "follow-leader"; }

  void on_hit(cache_slot slot) override { place(slot); }

  void on_insert(cache_slot slot) override { place(slot); }

  void on_update(cache_slot /*slot*/, const cache_entry_facts& /*old_facts*/) override {}

  void on_remove(cache_slot slot) override { lists_.remove(slot); }

  [[nodiscard]] std::optional<cache_slot> evict() override;

  [[nodiscard]] std::size_t memory_bytes() const override {
    return lists_.memory_bytes() + dropped_.capacity() * sizeof(std::uint64_t);
  }

  /// Takes note of what the leader evicted.
  void on_dropped();

  /// Another expert leads: sorts all entries anew, in O(n).
  void on_new_leader();

private:
  enum standing : std::uint8_t { wanted, unwanted };

  void place(cache_slot slot);

  const entry_index& entries_;
  expert_panel& panel_;
  slot_lists<2> lists_;
  std::vector<std::uint64_t> dropped_;  // kept for its memory only
};

}  // namespace libagent
