#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace libagent::lab {

/// Not a number when there are none.
[[nodiscard]] inline double mean_of(const std::vector<double>& values) {
  if (values.empty())
    return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The value that this share of all do not pass, by the nearest-rank method; not a number when
/// there are none.
[[nodiscard]] inline double share_below(std::vector<double> values, double share) {
  if (values.empty())
    return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  const auto rank = std::ceil(share * static_cast<double>(values.size()));
  return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

/// By how many percent the first is more than the second; 0 when the second is 0.
[[nodiscard]] inline double percent_above(double value, double other) {
  return other > 0 ? 100 * (value / other - 1) : 0;
}

}  // namespace libagent::lab
