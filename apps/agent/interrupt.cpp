#include "apps/agent/interrupt.hpp"

#include "apps/agent/cli.hpp"

#include <cstdlib>

namespace libagent::app {

interrupt::interrupt() : watch_{[this](int, int) { on_signal(); }} {}

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
  if (!work_ || work_->stop_requested())
    std::_Exit(exit_interrupted);
  work_->request_stop();
}

}  // namespace libagent::app
