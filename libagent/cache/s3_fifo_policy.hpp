#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/cache/eviction_policy.hpp"
#include "libagent/cache/ghost_table.hpp"
#include "libagent/cache/slot_array.hpp"
#include "libagent/cache/slot_lists.hpp"

#include <array>
#include <cstdint>

namespace libagent {

struct s3_fifo_options {
  double small_share = 0.10;          ///< Of the capacity, for newcomers; in (0, 1).
  double ghost_share = 1.0;           ///< Of the rest, in charge of what is remembered; 0 to 4.
  std::uint32_t uses_to_promote = 2;  ///< In the small queue, before its end; 1 to 3.
};

/// S3-FIFO (Yang, Zhang, Qiu, Yue, Vinayak, SOSP 2023): newcomers pass a small queue, from which
/// only those who were used get into the main queue; who comes back soon after it was dropped
/// goes there at once. Both are FIFO; the main queue spares an entry once for each use, up to
/// three. 11 bytes an entry, and 15 to 17 an evicted one.
///
/// Quick to drop what is used once. Replacing a value is not a use.
class s3_fifo_policy final : public eviction_policy {
public:
  explicit s3_fifo_policy(const entry_index& entries, const s3_fifo_options& options = {});

  [[nodiscard]] std::string_view name() const override { return "s3-fifo"; }

  void on_hit(cache_slot slot) override {
    LIBAGENT_EXPECTS(queues_.contains(slot));
    auto& uses = state_[slot].uses;
    uses = static_cast<std::uint8_t>(uses + (uses < uses_max ? 1 : 0));
  }

  void on_admit(const cache_entry_facts& incoming) override;
  void on_insert(cache_slot slot) override;
  void on_update(cache_slot slot, const cache_entry_facts& old_facts) override;
  void on_remove(cache_slot slot) override;
  [[nodiscard]] std::optional<cache_slot> evict() override;
  void on_resize(std::uint64_t capacity_bytes) override;
  [[nodiscard]] std::size_t memory_bytes() const override;

private:
  enum queue : std::uint8_t { small, main };

  static constexpr std::uint8_t uses_max = 3;

  struct entry_state {
    queue where = small;
    std::uint8_t uses = 0;
  };

  [[nodiscard]] std::uint32_t charge(cache_slot slot) const {
    return entries_.facts(slot).charge_bytes;
  }

  void push(queue where, cache_slot slot);
  void leave(cache_slot slot);
  std::optional<cache_slot> evict_from_small();
  std::optional<cache_slot> evict_from_main();
  void remember(cache_slot slot);

  const entry_index& entries_;
  s3_fifo_options options_;
  slot_lists<2> queues_;
  slot_array<entry_state> state_;
  std::array<std::uint64_t, 2> charged_bytes_{};
  std::uint64_t small_bytes_max_ = 0;
  ghost_table<> ghosts_;  // with their charge
  std::uint64_t ghost_bytes_ = 0;
  std::uint64_t ghost_bytes_max_ = 0;
  bool was_ghost_ = false;
};

}  // namespace libagent
