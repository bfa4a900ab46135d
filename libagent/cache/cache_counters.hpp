#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/cache_times.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace libagent {

/// Durations counted by powers of two of a millisecond: exact to a factor of two, in little space.
class duration_histogram {
public:
  void add(duration one) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(one).count();
    const auto width = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)));
    ++counts_[std::min<std::size_t>(static_cast<std::size_t>(width), counts_.size() - 1)];
    ++total_;
  }

  /// The least bound below which at least `share` of the durations are; zero without any.
  /// @pre `share` is in [0, 1].
  [[nodiscard]] std::chrono::milliseconds quantile(double share) const {
    const auto wanted = share * static_cast<double>(total_);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      below += counts_[i];
      if (below > 0 && static_cast<double>(below) >= wanted)
        return std::chrono::milliseconds{std::int64_t{1} << i};
    }
    return std::chrono::milliseconds::zero();
  }

  [[nodiscard]] std::uint64_t total() const { return total_; }

private:
  std::array<std::uint64_t, 48> counts_{};  // [i]: below 2^i ms and not below half of that
  std::uint64_t total_ = 0;
};

/// What became of the requests to a store, ever.
struct cache_counters {
  std::uint64_t hits = 0;             ///< Served fresh; `early_refreshes` among them.
  std::uint64_t early_refreshes = 0;  ///< Hits that asked for a newer value before the time.
  std::uint64_t stale_served = 0;     ///< Served past their time, while a newer one is computed.
  std::uint64_t failure_served = 0;   ///< Served past their time, because computing failed.
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t rejected_too_large = 0;     ///< Alone too large for the cache.
  std::uint64_t rejected_no_room = 0;       ///< A slice of evictions made too little room.
  std::uint64_t rejected_tenant_quota = 0;  ///< Too large for the tenant, or a tenant too many.
  std::uint64_t put_while_off = 0;          ///< Puts while the capacity was zero.

  duration saved_time{};               ///< By all that was served.
  std::uint64_t saved_tokens = 0;      ///< By all that was served.
  std::uint64_t saved_micro_cost = 0;  ///< By all that was served.
  duration_histogram hit_ages;         ///< Of all that was served.

  /// Refused for a reason that has to do with the entry or its tenant.
  [[nodiscard]] std::uint64_t rejections() const {
    return rejected_too_large + rejected_no_room + rejected_tenant_quota;
  }

  void count_served(const cache_saving& saving, duration age) {
    saved_time += saving.compute_time;
    saved_tokens += saving.tokens;
    saved_micro_cost += saving.micro_cost;
    hit_ages.add(age);
  }
};

}  // namespace libagent
