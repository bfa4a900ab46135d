#include "libagent/supervision/restart_intensity.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

restart_intensity::restart_intensity(restart_limits limits) : limits_{limits} {
  LIBAGENT_EXPECTS(limits.period > duration::zero());
}

bool restart_intensity::admit(time_point now) {
  LIBAGENT_EXPECTS(recent_.empty() || recent_.back() <= now);
  while (!recent_.empty() && now - recent_.front() >= limits_.period)
    recent_.pop_front();
  if (recent_.size() >= limits_.max_restarts)
    return false;
  recent_.push_back(now);
  return true;
}

}  // namespace libagent
