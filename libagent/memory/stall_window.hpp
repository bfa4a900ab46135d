#pragma once

#include "libagent/base/time.hpp"
#include "libagent/memory/memory_reading.hpp"

#include <chrono>
#include <cstdint>
#include <deque>

namespace libagent {

/// For which share of the time work stood still for want of memory, in [0, 1].
struct stall_shares {
  double some = 0;  ///< At least one task waited.
  double full = 0;  ///< All tasks waited.
};

/// Turns the kernel's running totals of pressure stall information (PSI, Linux 4.20) into shares
/// of the recent past. The kernel's own averages react in ten seconds; the totals at once.
///
/// Until a whole window was seen, the unseen part counts as free of stalls. Thread safety: none.
class stall_window {
public:
  /// @pre `length` is positive.
  explicit stall_window(duration length);

  /// Takes the totals of a reading; a reading without them, or with totals that went back, starts
  /// anew. Returns the shares over the window that ends now.
  /// @pre `now` is not earlier than in the previous call.
  stall_shares update(const memory_reading& reading, time_point now);

private:
  struct totals {
    time_point at;
    std::uint64_t some_us = 0;
    std::uint64_t full_us = 0;
  };

  duration length_;
  std::deque<totals> seen_;  // oldest first; the first one is the window's begin
};

}  // namespace libagent
