#include "libagent/models/model_price.hpp"

#include <algorithm>
#include <cmath>

namespace libagent {

std::uint64_t cost_micro(const model_price& price, const token_usage& usage) {
  const auto cached = std::min(usage.cached, usage.prompt);
  const auto cost = static_cast<double>(usage.prompt - cached) * price.input +
                    static_cast<double>(cached) * price.cached.value_or(price.input) +
                    static_cast<double>(usage.completion) * price.output;
  // Decimal prices are not exact as doubles: 20 tokens at 0.15 are 3, not a bit more.
  constexpr double slack = 1e-6;
  constexpr double most = 9e18;
  return static_cast<std::uint64_t>(std::clamp(std::ceil(cost - slack), 0.0, most));
}

}  // namespace libagent
