#pragma once

#include "apps/lab/closed_loop.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace libagent::lab {

/// What one fixed limit gave.
struct swept_limit {
  std::uint32_t limit = 0;
  load_outcome seen;
};

/// The entry with the most goodput.
/// @pre `sweep` is not empty.
[[nodiscard]] inline const swept_limit& best_throughput(const std::vector<swept_limit>& sweep) {
  return *std::ranges::max_element(
      sweep, {}, [](const swept_limit& one) { return one.seen.useful_per_second; });
}

/// The entry with the most power.
/// @pre `sweep` is not empty.
[[nodiscard]] inline const swept_limit& best_power(const std::vector<swept_limit>& sweep) {
  return *std::ranges::max_element(sweep, {},
                                   [](const swept_limit& one) { return one.seen.power(); });
}

}  // namespace libagent::lab
