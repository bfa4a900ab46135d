#pragma once

#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/ghost_table.hpp"
#include "libagent/cache/slot_array.hpp"
#include "libagent/cache/slot_lists.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace libagent {

struct lirs_options {
  double probation_share = 0.01;  ///< Of the capacity, for entries not known as hot; in (0, 1).
  /// How many evicted entries are remembered, at most: as a multiple of the residents, but no
  /// fewer than `ghosts_min`, for what a small cache needs to know costs little.
  double ghosts_per_entry = 1.0;
  std::size_t ghosts_min = 1'000;
  /// Accesses after which the time stamps are made smaller; tests lower it.
  std::uint32_t stamp_max = std::numeric_limits<std::uint32_t>::max();
};

/// LIRS (Jiang, Zhang, SIGMETRICS 2002): nearly all room is for entries with a short distance
/// between their last two uses, whenever those were; the others pass through a small queue, and
/// one of them becomes hot when it is used again before the coldest hot entry is. 14 bytes an
/// entry, and 15 to 17 an evicted one.
///
/// Keeps a loop or a scan larger than the cache from washing it out. The paper's stack is not
/// stored: an entry is in it if and only if its last use is later than that of the coldest hot
/// entry, so a stamp for each entry says the same, and pruning costs nothing. Shares and the size
/// of the hot set count bytes of charge. Replacing a value is not a use.
class lirs_policy final : public eviction_policy {
public:
  explicit lirs_policy(const entry_index& entries, const lirs_options& options = {});

  [[nodiscard]] std::string_view name() const override { return "lirs"; }

  void on_hit(cache_slot slot) override;
  void on_admit(const cache_entry_facts& incoming) override;
  void on_insert(cache_slot slot) override;
  void on_update(cache_slot slot, const cache_entry_facts& old_facts) override;
  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;
  void on_resize(std::uint64_t capacity_bytes) override;
  [[nodiscard]] std::size_t memory_bytes() const override;

private:
  enum list : std::uint8_t { hot, probation };

  [[nodiscard]] std::uint32_t charge(cache_slot slot) const {
    return entries_.facts(slot).charge_bytes;
  }

  // The last use of the coldest hot entry; what was used later is in the paper's stack.
  [[nodiscard]] std::uint32_t stack_bottom() const {
    const auto coldest = lists_.oldest(hot);
    return coldest == no_slot ? 0 : stamps_[coldest];
  }

  void heat(cache_slot slot);
  bool cool_one();
  void leave(cache_slot slot);
  void remember(cache_slot slot);
  void drop_ghosts();
  void tick();

  const entry_index& entries_;
  lirs_options options_;
  slot_lists<2> lists_;
  slot_array<list> where_;
  slot_array<std::uint32_t> stamps_;  // of the last use
  std::array<std::uint64_t, 2> charged_bytes_{};
  std::uint64_t hot_bytes_max_ = 0;
  std::size_t residents_ = 0;
  ghost_table<> ghosts_;  // with the stamp of their last use, which rises from old to new
  std::uint32_t now_ = 0;
  bool admit_hot_ = false;
};

}  // namespace libagent
