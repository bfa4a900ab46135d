#pragma once

#include "libagent/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace libagent {

/// A bucket of requests: those of a minute may come at once, and they come back evenly over a
/// minute (the generic cell rate algorithm of ITU-T I.371).
///
/// Thread safety: none.
class request_meter {
public:
  /// `per_minute` 0: no limit.
  explicit request_meter(std::uint32_t per_minute) {
    if (per_minute == 0)
      return;
    space_ = duration{std::chrono::minutes{1}} / duration::rep{per_minute};
    slack_ = space_ * (duration::rep{per_minute} - 1);
  }

  /// Takes one; empty when there was one, else after how long there will be.
  [[nodiscard]] std::optional<duration> take(time_point now) {
    const auto due = std::max(due_, now);
    if (due - now > slack_)
      return due - now - slack_;
    due_ = due + space_;
    return std::nullopt;
  }

private:
  duration space_{0};                   ///< Between two requests at an even pace.
  duration slack_{0};                   ///< How far ahead of that pace they may be.
  time_point due_ = time_point::min();  ///< Of the next one at an even pace.
};

}  // namespace libagent
