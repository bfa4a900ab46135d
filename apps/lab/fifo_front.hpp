#pragma once

#include "apps/lab/knee_backend.hpp"
#include "apps/lab/request_front.hpp"
#include "apps/lab/timer_loop.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

namespace libagent::lab {

/// What is usual: an unbounded queue, first in first out, and a fixed number of requests given to
/// the backend at a time. Who asked gives up at the deadline; neither queue nor backend notice.
class fifo_front final : public request_front {
public:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  /// @pre `backend` outlives the front, and is stopped before the front goes.
  fifo_front(knee_backend& backend, std::size_t limit, std::chrono::milliseconds deadline);

private:
  struct waiting;

  void start(const std::string& client, pending_request_ptr request) override;
  void start_what_fits();
  void finish(const std::shared_ptr<waiting>& one);

  knee_backend& backend_;
  const std::size_t limit_;
  const std::chrono::milliseconds deadline_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<waiting>> queue_;
  std::size_t under_way_ = 0;
  timer_loop deadlines_;
};

}  // namespace libagent::lab
