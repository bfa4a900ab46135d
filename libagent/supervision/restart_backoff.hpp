#pragma once

#include "libagent/base/random.hpp"
#include "libagent/base/time.hpp"

#include <chrono>
#include <cstdint>

namespace libagent {

/// How much of a delay is left to chance, so that children that failed together (over a shared
/// database, say) do not come back together: nothing, the upper half, or all of it.
enum class backoff_jitter : std::uint8_t { none, equal, full };

struct backoff_limits {
  duration initial = std::chrono::milliseconds{50};
  duration maximum = std::chrono::seconds{10};
  backoff_jitter jitter = backoff_jitter::equal;
  /// A child that ran this long before it failed is well again: its delays start anew.
  duration healthy_after = std::chrono::seconds{30};
};

/// How long one child waits before it is restarted.
///
/// The first restart is immediate, as in OTP: most faults pass. From the second on the delay is
/// `initial` and doubles up to `maximum`. Thread safety: none; one per child.
class restart_backoff {
public:
  /// @pre 0 < initial <= maximum, and `healthy_after` is positive.
  restart_backoff(backoff_limits limits, std::uint64_t seed);

  /// Tells for how long the child had been up when it failed.
  void note_uptime(duration uptime);

  /// The delay before the next start, which counts as one more attempt.
  ///
  /// Never more than `maximum`; with equal jitter in [d/2, d), with full jitter in [0, d), where d
  /// is the doubled delay.
  [[nodiscard]] duration next_delay();

private:
  backoff_limits limits_;
  seeded_random random_;
  duration ceiling_;  ///< Zero: the next restart is the first one.
};

}  // namespace libagent
