#pragma once

#include "libagent/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace libagent {

/// A token bucket: a minute's requests may come at once, and come back evenly over a minute.
///
/// Thread safety: none.
class request_meter {
public:
  /// `per_minute` 0: no limit.
  explicit request_meter(std::uint32_t per_minute)
      : per_minute_{per_minute}, left_{static_cast<double>(per_minute)} {}

  /// Takes one; empty when there was one, else after how long there will be.
  /// @pre `now` is not earlier than in the previous call.
  [[nodiscard]] std::optional<duration> take(time_point now) {
    if (per_minute_ == 0)
      return std::nullopt;
    const double rate = per_minute_ / 60.0;
    if (last_) {
      const std::chrono::duration<double> passed = now - *last_;
      left_ = std::min(left_ + passed.count() * rate, static_cast<double>(per_minute_));
    }
    last_ = now;
    if (left_ >= 1) {
      left_ -= 1;
      return std::nullopt;
    }
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double>{(1 - left_) / rate});
  }

private:
  std::uint32_t per_minute_;
  double left_;
  std::optional<time_point> last_;
};

}  // namespace libagent
