#pragma once

#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/ghost_table.hpp"
#include "libagent/cache/slot_array.hpp"
#include "libagent/cache/slot_lists.hpp"

#include <array>
#include <cstdint>

namespace libagent {

/// ARC (Megiddo, Modha, FAST 2003): one list of entries seen once lately, one of those seen more
/// often, and the share of each learnt from the hits on what either evicted. 10 bytes an entry,
/// and 15 to 17 an evicted one, of which there are as many.
///
/// Has no parameter, and follows a workload that moves between recency and frequency; a loop
/// larger than the cache defeats it. Lists, target and steps count bytes of charge; with a charge
/// of 1 for all this is the paper's algorithm. Replacing a value is not a use.
class arc_policy final : public eviction_policy {
public:
  explicit arc_policy(const entry_index& entries) : entries_{entries} {}

  [[nodiscard]] std::string_view name() const override { return "arc"; }

  void on_hit(cache_slot slot) override;
  void on_admit(const cache_entry_facts& incoming) override;
  void on_insert(cache_slot slot) override;
  void on_update(cache_slot slot, const cache_entry_facts& old_facts) override;
  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;
  void on_resize(std::uint64_t capacity_bytes) override;
  [[nodiscard]] std::size_t memory_bytes() const override;

  /// What the entries seen once should be charged together, in bytes.
  [[nodiscard]] double target_bytes() const { return target_bytes_; }

private:
  enum list : std::uint8_t { once, often };

  // What a list evicted, with the charges, in the order of eviction.
  struct ghost_list {
    ghost_table<> entries;
    std::uint64_t charged_bytes = 0;

    bool take(std::uint64_t key_hash);
    void pop_oldest();
  };

  [[nodiscard]] std::uint32_t charge(cache_slot slot) const {
    return entries_.facts(slot).charge_bytes;
  }

  void leave(cache_slot slot);
  void bound_ghosts();

  const entry_index& entries_;
  slot_lists<2> lists_;
  slot_array<list> where_;
  std::array<std::uint64_t, 2> charged_bytes_{};
  std::array<ghost_list, 2> ghosts_;
  std::uint64_t capacity_bytes_ = 0;
  double target_bytes_ = 0;
  list incoming_ = once;
  bool was_often_ = false;  // the newcomer was a ghost of the list of those seen often
};

}  // namespace libagent
