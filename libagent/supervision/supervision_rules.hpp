#pragma once

#include "libagent/base/time.hpp"
#include "libagent/supervision/restart_backoff.hpp"
#include "libagent/supervision/restart_intensity.hpp"
#include "libagent/supervision/strategy.hpp"

#include <chrono>
#include <cstdint>

namespace libagent {

/// Whether a supervisor ends by itself when significant children have ended for good: never, with
/// the first of them, or with the last.
enum class auto_shutdown : std::uint8_t { never, any_significant, all_significant };

/// What holds for a supervisor as a whole. OTP calls them supervisor flags.
struct supervision_rules {
  strategy restarts = strategy::one_for_one;
  restart_limits intensity = {};
  backoff_limits backoff = {};
  auto_shutdown ends_with = auto_shutdown::never;
  /// How long a killed child may still take. Nothing can interrupt a handler that is running, so
  /// after that the child is written off: its thread is lost, the others go on.
  duration kill_patience = std::chrono::seconds{1};
};

}  // namespace libagent
