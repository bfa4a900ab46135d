#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/circuit_breaker.hpp"
#include "libagent/tasks/client_weights.hpp"
#include "libagent/tasks/idempotency_keys.hpp"
#include "libagent/tasks/power_climb.hpp"
#include "libagent/tasks/stall_book.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace libagent {

/// What may wait in one lane.
struct lane_limits {
  std::size_t queued_max = 10'000;
  /// Sum of the charges of the waiting tasks: their arguments and targets.
  std::size_t bytes_max = std::size_t{64} << 20U;
};

/// The bounds of the dispatcher's memory and patience.
struct task_limits {
  lane_limits interactive{};
  lane_limits batch{.queued_max = 100'000, .bytes_max = std::size_t{256} << 20U};
  std::size_t arguments_bytes_max = std::size_t{1} << 20U;  ///< Of one task.
  std::uint32_t attempts_max = 3;  ///< Crashes of the executor or process until it ends dead.
  std::chrono::milliseconds timeout_max = std::chrono::hours{24};
  std::size_t records_max = 100'000;  ///< Ended tasks that can still be looked up.
  std::size_t record_bytes_max = std::size_t{64} << 20U;  ///< Of results and errors of ended tasks.
  std::chrono::milliseconds record_retention = std::chrono::hours{1};
  /// A standing queue of handlers is refused when its wait stays above this for an interval.
  duration queue_wait_target = std::chrono::milliseconds{20};
  duration queue_wait_interval = std::chrono::milliseconds{100};
  /// A client may have waiting this many times what is still free in its lane.
  double client_share = 1;
  client_weights weights;
  std::uint64_t incarnation = 1;  ///< Of this process, in the journal. Random, and never 0.
  key_limits keys;
  breaker_limits breaker;
  climb_options climb;  ///< Of each resource that io-bound batch tools share.
  stall_limits stalls;
};

}  // namespace libagent
