#include "libagent/nodes/join_plan.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

std::uint64_t join_plan::begin(time_point now, duration limit) {
  LIBAGENT_EXPECTS(is_due(now));
  stage_ = stage::connecting;
  due_ = now + limit;
  return ++number_;
}

bool join_plan::greet(std::uint64_t number) {
  if (!is_connecting(number))
    return false;
  stage_ = stage::greeting;
  return true;
}

void join_plan::join() {
  LIBAGENT_EXPECTS(stage_ == stage::greeting);
  stage_ = stage::joined;
}

void join_plan::wait_until(time_point due) {
  stage_ = stage::waiting;
  due_ = due;
}

}  // namespace libagent
