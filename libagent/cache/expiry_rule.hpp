#pragma once

#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"
#include "libagent/cache/cache_times.hpp"

#include <algorithm>
#include <chrono>

namespace libagent {

/// For how long a cached value is served.
struct expiry_rule {
  duration default_ttl = std::chrono::minutes{10};  ///< When none is asked for.
  duration ttl_max = std::chrono::hours{24 * 365};  ///< Longer ones are cut to it.
  /// Each value lives up to this share longer or shorter, so that values stored together are not
  /// all recomputed together. In [0, 1).
  double jitter = 0.1;
  /// After its time a value is served so much longer while a newer one is computed, but not longer
  /// than it was fresh ...
  duration stale_for = std::chrono::seconds{30};
  /// ... and so much longer, all in all, when computing a newer one fails.
  duration error_for = std::chrono::minutes{10};

  /// The times of a value stored at `now`; `ttl` of zero or less asks for the default.
  [[nodiscard]] cache_times times(time_point now, duration ttl, seeded_random& random) const {
    const auto asked = std::min(ttl.count() > 0 ? ttl : default_ttl, ttl_max);
    const auto factor = 1.0 + jitter * (2.0 * random.unit() - 1.0);
    const std::chrono::duration<double, duration::period> varied{
        static_cast<double>(asked.count()) * factor};
    const auto fresh_until = now + std::chrono::duration_cast<duration>(varied);
    const auto stale_until = fresh_until + std::min(stale_for, asked);
    return {now, fresh_until, stale_until, std::max(stale_until, fresh_until + error_for)};
  }
};

}  // namespace libagent
