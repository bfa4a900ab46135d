#pragma once

#include "libagent/base/time.hpp"

namespace libagent::actors {

/// Unix time of the machine. Tests inject another source.
[[nodiscard]] unix_millis system_unix_time();

}  // namespace libagent::actors
