#include "libagent/memory/ladder.hpp"

namespace libagent {

ladder_step ladder_pace::due(pressure_level level, time_point now) const {
  if (cancels(level) && has_paused(cancelled_at_, now))
    return ladder_step::cancel;
  if (preempts(level) && has_paused(preempted_at_, now))
    return ladder_step::preempt;
  return ladder_step::none;
}

void ladder_pace::taken(ladder_step step, time_point now) {
  if (step == ladder_step::cancel)
    cancelled_at_ = now;
  if (step == ladder_step::preempt)
    preempted_at_ = now;
}

}  // namespace libagent
