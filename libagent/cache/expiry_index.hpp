#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/eviction_policy.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace libagent {

/// Knows which entry of a cache gets too old next.
///
/// A binary heap that remembers where each slot stands in it, so that an entry that leaves early
/// is taken out at once: nothing stale piles up and nothing has to be rebuilt. O(log n) a call.
/// Thread safety: none.
class expiry_index {
public:
  /// Adds `slot`, or moves it when it is there already.
  void set(cache_slot slot, time_point expires_at);
  /// Takes `slot` out; nothing happens when it is not there.
  void remove(cache_slot slot);
  /// The slot whose time has come at `now`: an entry is too old at its very expiry.
  [[nodiscard]] std::optional<cache_slot> first_due(time_point now) const;

  [[nodiscard]] std::size_t size() const { return heap_.size(); }

private:
  struct item {
    time_point expires_at;
    cache_slot slot = 0;
  };

  void place(std::size_t position, item what);
  void sift(std::size_t position, item what);

  std::vector<item> heap_;
  std::vector<std::uint32_t> positions_;  // by slot; `absent` when not in the heap
};

}  // namespace libagent
