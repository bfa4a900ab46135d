#pragma once

#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/frequency_sketch.hpp"
#include "libagent/cache/slot_array.hpp"
#include "libagent/cache/slot_lists.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace libagent {

struct w_tinylfu_options {
  /// Share of the capacity that newcomers pass through before they must prove themselves.
  double window_share = 0.01;
  /// Lets the window grow and shrink with what the hit ratio says.
  bool adaptive_window = false;
};

/// Window TinyLFU (Einziger, Friedman, Manes, ACM ToS 2017): a newcomer lives in a small LRU
/// window first; what falls out of the window stays only if it was used more often than what
/// would leave for it. The rest is a segmented LRU, four fifths of it for what was hit again.
///
/// With sizes the candidate must beat the sum of uses of all the victims whose room it takes
/// (aggregated victims: Einziger et al., "Lightweight robust size aware cache management", ACM ToS
/// 2022); victims that win are spared for a round, which helps without sizes too. The adaptive
/// window climbs hills by the hit ratio of the last period. 9 bytes an entry, and the sketch's 11.
class w_tinylfu_policy final : public eviction_policy {
public:
  /// `entries` outlives the policy.
  /// @pre `window_share` is in (0, 1).
  explicit w_tinylfu_policy(const entry_index& entries, const w_tinylfu_options& options = {});

  [[nodiscard]] std::string_view name() const override { return "w-tinylfu"; }

  void on_hit(cache_slot slot) override;
  void on_admit(const cache_entry_facts& incoming) override;
  void on_insert(cache_slot slot) override;
  void on_update(cache_slot slot, const cache_entry_facts& old_facts) override;
  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;
  void on_resize(std::uint64_t capacity_bytes) override;
  [[nodiscard]] std::size_t memory_bytes() const override;

  /// The share of the capacity that the window has at present.
  [[nodiscard]] double window_share() const { return window_share_; }

private:
  enum region : std::uint8_t { window, probation, protected_main, regions };

  void enter(region where, cache_slot slot);
  void leave(cache_slot slot);
  void touch(cache_slot slot);
  void keep_protected_within_its_share();
  [[nodiscard]] std::uint64_t main_bytes() const;
  [[nodiscard]] cache_slot main_victim() const;
  [[nodiscard]] bool beats_its_victims(cache_slot candidate);
  [[nodiscard]] cache_slot after_victim(cache_slot victim) const;
  void spare_victims(std::uint64_t bytes);
  cache_slot give_up(cache_slot victim);
  void set_window_share(double share);
  void climb(bool hit);

  const entry_index& entries_;
  w_tinylfu_options options_;
  frequency_sketch sketch_;
  slot_lists<regions> lists_;
  slot_array<region> region_of_;  // by slot
  std::array<std::uint64_t, regions> bytes_{};
  std::uint64_t capacity_bytes_ = 0;
  std::uint64_t window_bytes_max_ = 0;
  std::uint64_t incoming_bytes_ = 0;
  std::size_t resident_ = 0;
  double window_share_;
  // What the climber knows.
  double step_;
  double last_hit_ratio_ = 0;
  std::uint64_t period_hits_ = 0;
  std::uint64_t period_uses_ = 0;
};

}  // namespace libagent
