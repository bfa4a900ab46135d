#pragma once

#include "libagent/cache/cache_objective.hpp"
#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/frequency_sketch.hpp"
#include "libagent/cache/slot_array.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace libagent {

struct gdsf_options {
  cache_objective objective = cache_objective::hits;
  /// Starts an entry with the uses that it had before it was evicted, from a sketch.
  bool remember_evicted = false;
};

/// GreedyDual-Size-Frequency (Cherkasova, HP Labs 1998): evicts the least priority, which is the
/// clock at the last use + uses x worth per byte. The clock is the priority of the last victim, so
/// what is no longer used is overtaken in the end.
///
/// The worth of an entry is 1, its size or its cost, by objective. Worth per byte counts within a
/// factor of 1,024 of the typical one only: a single absurd cost buys no immortality. Equal
/// priorities leave in order of last use. O(log n); 24 to 27 bytes an entry; to remember takes up
/// to 43 more.
class gdsf_policy final : public eviction_policy {
public:
  /// `entries` outlives the policy.
  explicit gdsf_policy(const entry_index& entries, const gdsf_options& options = {});

  [[nodiscard]] std::string_view name() const override;

  void on_hit(cache_slot slot) override;
  void on_admit(const cache_entry_facts& incoming) override;
  void on_insert(cache_slot slot) override;
  void on_update(cache_slot slot, const cache_entry_facts& old_facts) override;
  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;
  [[nodiscard]] std::size_t memory_bytes() const override;

private:
  struct node {
    double priority = 0;
    std::uint32_t used_at = 0;  // number of the use, modulo 2^32: breaks ties
    cache_slot slot = 0;
  };

  struct place {
    std::uint32_t position = absent;
    std::uint32_t uses = 0;
  };

  static constexpr std::uint32_t absent = ~std::uint32_t{0};

  static bool leaves_first(const node& a, const node& b);
  [[nodiscard]] double worth_per_byte(const cache_entry_facts& facts) const;
  void learn_typical_worth(const cache_entry_facts& facts);
  [[nodiscard]] node ranked(cache_slot slot);
  void sift_up(std::size_t position, const node& moving);
  void sift_down(std::size_t position, const node& moving);
  void settle(std::size_t position, const node& moving);
  void take_out(std::size_t position);

  const entry_index& entries_;
  gdsf_options options_;
  frequency_sketch sketch_;
  std::vector<node> heap_;    // four children a node: half the levels, and they share a line
  slot_array<place> places_;  // by slot
  double clock_ = 0;
  double typical_log_worth_ = 0;  // of worth per byte, base 2, over admissions
  std::uint64_t admissions_ = 0;
  std::uint32_t uses_ = 0;
};

}  // namespace libagent
