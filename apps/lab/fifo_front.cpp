#include "apps/lab/fifo_front.hpp"

#include <atomic>
#include <utility>

namespace libagent::lab {

/// The first of answer and deadline counts; the other is nothing that anybody hears of.
struct fifo_front::waiting {
  explicit waiting(pending_request_ptr asked) : request{std::move(asked)} {}

  void end(request_fate fate) {
    if (!is_over.exchange(true))
      request->answer({.fate = fate});
  }

  pending_request_ptr request;
  std::atomic<bool> is_over{false};
};

fifo_front::fifo_front(knee_backend& backend, std::size_t limit, std::chrono::milliseconds deadline)
    : backend_{backend}, limit_{limit}, deadline_{deadline} {}

void fifo_front::start(const std::string&, pending_request_ptr request) {
  auto one = std::make_shared<waiting>(std::move(request));
  deadlines_.at(std::chrono::steady_clock::now() + deadline_,
                [one](time_point) { one->end(request_fate::expired); });
  {
    const std::lock_guard guard{mutex_};
    queue_.push_back(std::move(one));
  }
  start_what_fits();
}

void fifo_front::start_what_fits() {
  while (true) {
    std::shared_ptr<waiting> next;
    {
      const std::lock_guard guard{mutex_};
      if (queue_.empty() || under_way_ >= limit_)
        return;
      next = std::move(queue_.front());
      queue_.pop_front();
      ++under_way_;
    }
    backend_.begin([this, next] { finish(next); });
  }
}

void fifo_front::finish(const std::shared_ptr<waiting>& one) {
  {
    const std::lock_guard guard{mutex_};
    --under_way_;
  }
  one->end(request_fate::succeeded);
  start_what_fits();
}

}  // namespace libagent::lab
