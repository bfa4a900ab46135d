#include "libagent/tasks/wait_gate.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

wait_gate::wait_gate(duration target, duration interval)
    : target_min_{target}, interval_min_{interval}, target_{target}, interval_{interval} {
  LIBAGENT_EXPECTS(target > duration::zero() && interval > duration::zero());
  set_service_time(duration::zero());
}

void wait_gate::set_service_time(duration mean) {
  target_ = std::max(target_min_, 2 * mean);
  interval_ = std::max(interval_min_, 3 * target_);
}

void wait_gate::on_start(duration waited, time_point now) {
  last_wait_ = waited;
  if (waited <= target_) {
    above_since_.reset();
    return;
  }
  if (!above_since_)
    above_since_ = stood_lately(now) ? now - interval_ : now;
  if (now - *above_since_ >= interval_)
    stood_at_ = now;
}

void wait_gate::on_empty(time_point /*now*/) {
  above_since_.reset();
  last_wait_ = {};
}

bool wait_gate::is_open(time_point now, duration oldest_wait) const {
  if (oldest_wait <= target_)
    return true;
  if (oldest_wait >= target_ + interval_)
    return false;
  return !above_since_ || now - *above_since_ < interval_;
}

duration wait_gate::retry_after(duration oldest_wait) const {
  return std::max(last_wait_, oldest_wait);
}

bool wait_gate::stood_lately(time_point now) const {
  return stood_at_ && now - *stood_at_ < interval_;
}

}  // namespace libagent
