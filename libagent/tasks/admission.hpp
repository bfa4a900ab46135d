#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <cstddef>
#include <string_view>

namespace libagent {

/// What a task would meet if it were admitted.
struct admission_load {
  std::size_t tasks_ahead = 0;  ///< Waiting at its level or above; only for the message.
  duration backlog_ahead{};     ///< The sum of their estimated service times.
  std::size_t capacity = 1;     ///< How many run at once; zero counts as one.
  duration own{};               ///< Its own estimated service time; better a high percentile.
  duration timeout{};           ///< How long it may take from now on.
  bool has_estimate = true;     ///< False: nothing is known of its kind, and `own` is ignored.
};

/// Refuses a task that would most likely expire before it is done, so that the caller learns it at
/// once and nothing is spent on it: admitted while backlog / capacity + own <= 0.8 * timeout.
///
/// Like brpc's timeout limiter (Apache brpc, PR 2027), with the backlog's work in place of its
/// number. With `own` as the mean, one in ten of those admitted still came too late in a
/// simulated overload; with the 90th percentile one in fifty. Whom nothing is ahead of is always
/// admitted: the estimate may be wrong, and without a run it would stay so. Errors: `overloaded`,
/// with `retry_after` = when the backlog will have shrunk enough if nothing is added.
[[nodiscard]] expected<void> admit_by_estimate(std::string_view target, const admission_load& load);

/// Whether a client that has `client_queued` tasks waiting may add one: while that is less than
/// `alpha` times the room that is left, so that no client alone fills the queue
/// (Choudhury and Hahne 1998, dynamic thresholds).
///
/// One greedy client comes to alpha / (1 + alpha) of the queue. `alpha` may carry its weight.
[[nodiscard]] bool within_share(std::size_t client_queued, std::size_t total_queued,
                                std::size_t queue_max, double alpha);

}  // namespace libagent
