#pragma once

#include "libagent/base/time.hpp"

namespace libagent::testing {

/// When tests of the core begin.
inline constexpr time_point t0{};

}  // namespace libagent::testing
