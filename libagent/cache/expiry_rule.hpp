#pragma once

#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"

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

  /// When a value stored at `now` expires; `ttl` of zero or less asks for the default.
  [[nodiscard]] time_point expires_at(time_point now, duration ttl, seeded_random& random) const {
    const auto asked = std::min(ttl.count() > 0 ? ttl : default_ttl, ttl_max);
    const auto factor = 1.0 + jitter * (2.0 * random.unit() - 1.0);
    const std::chrono::duration<double, duration::period> varied{
        static_cast<double>(asked.count()) * factor};
    return now + std::chrono::duration_cast<duration>(varied);
  }
};

}  // namespace libagent
