#pragma once

#include <chrono>
#include <cstdint>

namespace libagent {

/// Deadlines and intervals are measured on the monotonic clock: a jump of the wall clock moves
/// neither. Core code takes `now` as a parameter and never reads a clock.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// Wall-clock time, for people and for other machines only: milliseconds since the Unix epoch.
using unix_millis = std::int64_t;

}  // namespace libagent
