#pragma once

#include "libagent/base/time.hpp"
#include "libagent/memory/pressure.hpp"

namespace libagent {

/// Says when to ask the allocator to give free pages back to the system.
///
/// Freed memory stays with glibc's allocator until it is asked (malloc_trim), so without asking,
/// resident size would not fall after a cache has shrunk and the level would never be left. Asking
/// is expensive (tenths of a second for hundreds of megabytes), so it happens only when a level
/// is left, and every so often while the level is high or worse, or while somebody waits for room.
class trim_schedule {
public:
  explicit trim_schedule(duration pause = std::chrono::seconds{2}) : pause_{pause} {}

  /// Call once per sample; returns whether to trim now. `is_wanted`: memory was refused since the
  /// last call. What was freed and kept counts as use, so without a trim it could stay refused.
  [[nodiscard]] bool is_due(pressure_level before, pressure_level after, time_point now,
                            bool is_wanted = false) {
    const auto is_high = after >= pressure_level::high;
    if (is_high && before < pressure_level::high) {
      next_ = now + pause_;  // the caches need a moment to shrink first
    }
    const auto is_due = after < before || ((is_high || is_wanted) && now >= next_);
    if (is_due) {
      next_ = now + pause_;
    }
    return is_due;
  }

private:
  duration pause_;
  time_point next_;
};

}  // namespace libagent
