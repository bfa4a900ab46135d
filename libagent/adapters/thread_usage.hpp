#pragma once

#include "libagent/ports/thread_usage.hpp"

namespace libagent {

/// The usage of the calling thread, from getrusage(2).
[[nodiscard]] thread_usage read_thread_usage();

}  // namespace libagent
