#pragma once

#include "libagent/cache/cache_objective.hpp"
#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/expert_panel.hpp"
#include "libagent/cache/slot_array.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace libagent {

class follow_leader_policy;

struct adaptive_options {
  cache_objective objective = cache_objective::hits;
  panel_sample sample = {};  ///< Tests make it smaller.
};

/// Does what the best of several policies would do on the present workload.
///
/// A panel of experts counts what each of them would have saved, and the contents follow its
/// leader. They are LRU-2, S3-FIFO, GDSF with memory, and LIRS and LRU, or W-TinyLFU and plain GDSF
/// once sizes differ. The first to lead is plain GDSF where the worth of a byte differs much
/// between entries, else LRU-2.
///
/// A cache of up to 8,192 entries follows the very contents of the leading expert. In a larger one
/// the experts see only a sample, and it runs the leader's policy on its own entries; when the lead
/// changes they move from the old policy to the new one a few at a time, in the order in which the
/// old one would have evicted them, so that no call stalls.
///
/// With the index, a large cache needs about 60 to 130 bytes an entry, one of a few thousand up to
/// 400. Thread safety: none.
class adaptive_policy final : public eviction_policy {
public:
  /// `entries` outlives the policy.
  explicit adaptive_policy(const entry_index& entries, const adaptive_options& options = {});
  ~adaptive_policy() override;

  [[nodiscard]] std::string_view name() const override { return "adaptive"; }

  void on_hit(cache_slot slot) override;
  void on_admit(const cache_entry_facts& incoming) override;
  void on_insert(cache_slot slot) override;
  void on_update(cache_slot slot, const cache_entry_facts& old_facts) override;
  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;
  void on_resize(std::uint64_t capacity_bytes) override;
  [[nodiscard]] std::size_t memory_bytes() const override;

  /// The name of the policy that is followed at present.
  [[nodiscard]] std::string_view leader_name() const { return panel_.leading_policy().name(); }

  /// How often the leader has changed.
  [[nodiscard]] std::uint64_t leader_changes() const { return panel_.changes(); }

  /// Whether entries are still on their way from the former leader's policy.
  [[nodiscard]] bool is_migrating() const { return former_ != nullptr; }

private:
  struct slot_state {
    std::uint8_t uses = 0;   // as many as a new policy is told of
    std::uint8_t owner = 0;  // parity of the policy that the entry is in
  };

  void watch(const cache_entry_facts& facts);
  [[nodiscard]] std::size_t expected_entries() const;
  void guess_leader(const cache_entry_facts& facts);
  void expect_sizes();
  void follow();
  void change_policy(std::unique_ptr<eviction_policy> next);
  void adopt(cache_slot slot);
  void migrate_some();
  [[nodiscard]] eviction_policy& owner_of(cache_slot slot);

  const entry_index& entries_;
  cache_objective objective_;
  expert_panel panel_;
  std::unique_ptr<eviction_policy> current_;
  std::unique_ptr<eviction_policy> former_;   // while entries move, those that did not yet
  follow_leader_policy* follower_ = nullptr;  // the current policy, if it is one
  std::size_t followed_;                      // the expert that `current_` stands for
  slot_array<slot_state> slots_;
  std::uint64_t capacity_bytes_ = 0;
  std::size_t resident_ = 0;
  std::uint64_t charged_bytes_ = 0;  // of the entries so far, until the first eviction
  double mean_log_worth_ = 0;        // of a byte of the entries until then, base 2
  double variance_of_worth_ = 0;
  std::uint32_t only_charge_ = 0;  // as long as all are the same
  bool sizes_differ_ = false;
  bool has_evicted_ = false;
  std::uint8_t parity_ = 0;
};

}  // namespace libagent
