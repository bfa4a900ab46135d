#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"

#include <chrono>
#include <cstdint>

namespace libagent {

/// Whether and when a run that failed is tried again.
struct retry_policy {
  std::uint32_t attempts_max = 3;  ///< Runs that may end with an error which may pass.
  std::chrono::milliseconds base{500};
  std::chrono::milliseconds cap{30'000};
  /// Whether `tool_failed` may pass, too; else only `unavailable`, `overloaded` and `rate_limited`.
  bool retries_tool_failed = false;
};

/// Whether an error can pass by itself, so that running again makes sense.
[[nodiscard]] bool may_pass(errc code, const retry_policy& policy);

/// How long to wait before the next run, after `failures` failed ones (at least 1): full jitter,
/// a random time up to `base * 2^(failures - 1)`, at most `cap` (Brooker, "Exponential Backoff And
/// Jitter", AWS Architecture Blog, 2015); never less than `why.retry_after`.
[[nodiscard]] std::chrono::milliseconds retry_delay(const retry_policy& policy,
                                                    std::uint32_t failures, const error& why,
                                                    std::uint64_t random);

}  // namespace libagent
