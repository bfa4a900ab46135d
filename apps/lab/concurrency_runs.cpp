#include "apps/lab/concurrency_runs.hpp"

#include "apps/lab/fifo_front.hpp"
#include "apps/lab/knee_backend.hpp"
#include "apps/lab/task_front.hpp"

#include <stdexcept>
#include <utility>

namespace libagent::lab {

namespace {

climb_options limiter_of(const limit_contender& who) {
  if (!who.limit)
    return {};
  return {.initial = *who.limit, .floor = *who.limit, .ceiling = *who.limit};
}

std::unique_ptr<request_front> make_front(const limit_contender& who, knee_backend& backend,
                                          std::chrono::milliseconds deadline) {
  if (!who.is_libagent) {
    return std::make_unique<fifo_front>(backend, who.limit ? *who.limit : fifo_front::unlimited,
                                        deadline);
  }
  auto front = task_front::make(backend, limiter_of(who), deadline);
  if (!front)
    throw std::runtime_error{to_string(front.error())};
  return *std::move(front);
}

/// A backend and what stands before it; nothing is told any more when it goes.
class contest {
public:
  contest(const limit_contender& who, const knee_workload& work, std::chrono::milliseconds deadline,
          std::uint64_t seed)
      : backend_{work, seed}, front_{make_front(who, backend_, deadline)} {}

  contest(const contest&) = delete;
  contest& operator=(const contest&) = delete;

  ~contest() { backend_.stop(); }

  [[nodiscard]] request_front& front() { return *front_; }

  [[nodiscard]] const knee_backend& backend() const { return backend_; }

private:
  knee_backend backend_;
  std::unique_ptr<request_front> front_;
};

}  // namespace

limit_contender libagent_contender() {
  return {.name = "libagent", .is_libagent = true};
}

limit_contender no_limit_contender() {
  return {.name = "no limit"};
}

limit_contender fixed_contender(std::uint32_t limit) {
  return {.name = "fixed " + std::to_string(limit), .limit = limit};
}

load_outcome run_contender(const limit_contender& who, const knee_workload& work,
                           const closed_loop_options& options) {
  contest one{who, work, options.deadline, options.seed};
  return run_closed_loop(one.front(), one.backend(), options);
}

open_loop_outcome run_contender(const limit_contender& who, const knee_workload& work,
                                const open_loop_options& options) {
  contest one{who, work, options.deadline, options.seed};
  return run_open_loop(one.front(), one.backend(), options);
}

}  // namespace libagent::lab
