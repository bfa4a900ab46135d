#include "libagent/tasks/retry_policy.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>

namespace libagent {

namespace {

using std::chrono::milliseconds;

/// `base * 2^(failures - 1)`, at most `cap`, without overflow on the way.
milliseconds retry_ceiling(const retry_policy& policy, std::uint32_t failures) {
  const auto cap = std::max(policy.cap, milliseconds::zero());
  auto ceiling = std::max(policy.base, milliseconds::zero());
  for (std::uint32_t i = 1; i < failures && ceiling < cap && ceiling > milliseconds::zero(); ++i) {
    ceiling = ceiling > cap / 2 ? cap : ceiling * 2;
  }
  return std::min(ceiling, cap);
}

}  // namespace

bool may_pass(errc code, const retry_policy& policy) {
  switch (code) {
    using enum errc;
    case unavailable:
    case overloaded:
    case rate_limited: return true;
    case tool_failed: return policy.retries_tool_failed;
    default: return false;
  }
}

milliseconds retry_delay(const retry_policy& policy, std::uint32_t failures, const error& why,
                         std::uint64_t random) {
  LIBAGENT_EXPECTS(failures > 0);
  const auto ceiling = static_cast<std::uint64_t>(retry_ceiling(policy, failures).count());
  const milliseconds jittered{static_cast<milliseconds::rep>(random % (ceiling + 1))};
  return std::max(jittered, why.retry_after.value_or(milliseconds::zero()));
}

}  // namespace libagent
