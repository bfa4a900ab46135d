#pragma once

#include "libagent/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

namespace libagent {

/// What every hit on an entry saves.
struct cache_saving {
  duration compute_time{};       ///< How long computing the value took.
  std::uint64_t tokens = 0;      ///< Of a model, in and out.
  std::uint64_t micro_cost = 0;  ///< Money, in millionths of the currency.

  friend bool operator==(const cache_saving&, const cache_saving&) = default;
};

/// The cost by which policies weigh an entry: its money when known, else its tokens, else the
/// milliseconds of its computation, else 1. Mixing entries with and without money compares apples
/// with pears: give money for all or for none.
[[nodiscard]] constexpr std::uint32_t policy_cost(const cache_saving& saving) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(saving.compute_time);
  std::uint64_t cost = static_cast<std::uint64_t>(std::max<std::int64_t>(ms.count(), 1));
  if (saving.micro_cost != 0) {
    cost = saving.micro_cost;
  } else if (saving.tokens != 0) {
    cost = saving.tokens;
  }
  constexpr std::uint64_t cost_max = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(cost, cost_max));
}

/// What a value is good for at a time.
enum class cache_freshness : std::uint8_t {
  fresh,        ///< To serve.
  due,          ///< To serve; a newer value should be computed already now.
  stale,        ///< To serve while a newer value is computed (stale-while-revalidate).
  failed_only,  ///< To serve only when computing a newer value failed (stale-if-error).
  gone,         ///< Not to serve.
};

/// Until when a value is good for what. Each end is exclusive, and none is before the former.
struct cache_times {
  time_point stored_at;
  time_point fresh_until = time_point::max();
  time_point stale_until = time_point::max();
  time_point error_until = time_point::max();

  /// A value that is fresh until `when`, and gone from then on.
  [[nodiscard]] static cache_times until(time_point stored_at, time_point when) {
    return {stored_at, when, when, when};
  }

  /// Never `due`: see `is_due_early`.
  [[nodiscard]] cache_freshness freshness(time_point now) const {
    using enum cache_freshness;
    if (now < fresh_until)
      return fresh;
    if (now < stale_until)
      return stale;
    return now < error_until ? failed_only : gone;
  }

  friend bool operator==(const cache_times&, const cache_times&) = default;
};

/// Whether a fresh value should be computed anew before its time, so that not all askers meet its
/// end at once: `now - compute_time * beta * ln(u) >= fresh_until`, for a random `u` in (0, 1]
/// (XFetch: Vattani, Chierichetti, Lowenstein 2015). The longer the computation, the earlier; a
/// `beta` above 1 is earlier still, 0 is never early.
[[nodiscard]] inline bool is_due_early(const cache_times& times, duration compute_time, double beta,
                                       double u, time_point now) {
  const auto head_start = -std::log(u) * beta * static_cast<double>(compute_time.count());
  return head_start > 0 && static_cast<double>((times.fresh_until - now).count()) <= head_start;
}

}  // namespace libagent
