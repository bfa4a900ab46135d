#pragma once

#include "apps/lab/knee_backend.hpp"
#include "apps/lab/report.hpp"
#include "apps/lab/request_front.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace libagent::lab {

struct closed_loop_options {
  std::size_t users = 1;
  std::chrono::milliseconds deadline{1'000};  ///< What is answered later is of no use.
  std::chrono::milliseconds warm_up{1'000};
  std::chrono::milliseconds measured{2'000};
  std::uint64_t seed = 1;
};

/// What users saw while it was measured.
struct load_outcome {
  double per_second = 0;         ///< Successes, in time or not.
  double useful_per_second = 0;  ///< Successes within the deadline.
  quantiles took_ms;             ///< Of successes, as users see it.
  quantiles refused_ms;          ///< Until a refusal was there.
  std::uint64_t refused = 0;
  std::uint64_t expired = 0;
  std::uint64_t failed = 0;
  double at_backend = 0;  ///< Mean number under way there.

  /// Goodput by latency at the backend; Little's law gives the latency.
  [[nodiscard]] double power() const {
    return at_backend > 0 ? useful_per_second * useful_per_second / at_backend : 0;
  }
};

/// Users who each ask again as soon as they were answered, or, when refused, when they were told
/// to come back, within half of that. Blocking. Returns when every request was answered.
///
/// Throws `std::runtime_error` when one was answered twice or not at all: that is no measurement.
[[nodiscard]] load_outcome run_closed_loop(request_front& front, const knee_backend& backend,
                                           const closed_loop_options& options);

/// Throws `std::runtime_error` unless every request was answered once, which may take until
/// `patience` is over, and nothing succeeded that the backend had not served.
void require_answered_once(const request_front& front, const knee_backend& backend,
                           std::uint64_t succeeded, std::chrono::milliseconds patience);

}  // namespace libagent::lab
