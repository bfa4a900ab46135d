#pragma once

#include "libagent/base/time.hpp"

#include <cstddef>
#include <vector>

namespace libagent {

/// A quantile of the durations noted lately, in bounded memory (2.1 KiB) and O(1) per note.
///
/// Durations fall into buckets whose bounds grow by a tenth, from 1 us to 24 h, so that what
/// `value` gives is at most 5 % off; what lies outside counts as the nearest bound. Each note
/// weighs 1/200 more than the one before: the last 200 make up 63 % of the total weight.
/// Thread safety: none.
class recent_quantile {
public:
  /// @pre 0 < `fraction` < 1, for example 0.9.
  explicit recent_quantile(double fraction);

  void note(duration length);

  /// The least duration that `fraction` of the weight does not exceed; zero before the first note.
  [[nodiscard]] duration value() const;

private:
  void follow();
  void rescale();

  double fraction_;
  std::vector<double> weights_;  // By bucket; empty before the first note.
  double note_weight_ = 1;
  double total_ = 0;
  double below_ = 0;    // The weight of the buckets before `at_`.
  std::size_t at_ = 0;  // The bucket of the quantile.
};

}  // namespace libagent
