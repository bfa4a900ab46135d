#include "libagent/memory/stall_window.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

double share_of_time(std::uint64_t stalled_us, duration period) {
  const auto period_us = std::chrono::duration<double, std::micro>{period}.count();
  return std::min(static_cast<double>(stalled_us) / period_us, 1.0);
}

}  // namespace

stall_window::stall_window(duration length) : length_{length} {
  LIBAGENT_EXPECTS(length > duration::zero());
}

stall_shares stall_window::update(const memory_reading& reading, time_point now) {
  LIBAGENT_EXPECTS(seen_.empty() || seen_.back().at <= now);
  if (!reading.psi_some_us || !reading.psi_full_us) {
    seen_.clear();
    return {};
  }
  const totals latest{now, *reading.psi_some_us, *reading.psi_full_us};
  if (!seen_.empty() &&
      (latest.some_us < seen_.back().some_us || latest.full_us < seen_.back().full_us))
    seen_.clear();
  seen_.push_back(latest);
  while (seen_.size() > 2 && now - seen_[1].at >= length_)
    seen_.pop_front();
  const auto& first = seen_.front();
  const auto period = std::max(now - first.at, length_);
  return {share_of_time(latest.some_us - first.some_us, period),
          share_of_time(latest.full_us - first.full_us, period)};
}

}  // namespace libagent
