#include "apps/agent/interrupt.hpp"

#include "apps/agent/cli.hpp"

#include <cstdlib>
#include <utility>

namespace libagent::app {

interrupt::interrupt(std::function<void()> before_end)
    : before_end_{std::move(before_end)}, watch_{[this](int, int) { on_signal(); }} {}

std::stop_token interrupt::begin_work() {
  const std::lock_guard guard{mutex_};
  work_.emplace();
  return work_->get_token();
}

void interrupt::end_work() {
  const std::lock_guard guard{mutex_};
  work_.reset();
}

void interrupt::on_signal() {
  const std::lock_guard guard{mutex_};
  if (!work_ || work_->stop_requested()) {
    if (before_end_)
      before_end_();
    std::_Exit(exit_interrupted);
  }
  work_->request_stop();
}

}  // namespace libagent::app
