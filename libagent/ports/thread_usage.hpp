#pragma once

#include "libagent/base/time.hpp"

#include <cstdint>
#include <functional>

namespace libagent {

/// What a thread has used so far.
struct thread_usage {
  duration computing{};     ///< Time on a core.
  std::uint64_t waits = 0;  ///< How often it gave its core away to wait for something.
};

/// Reads the usage of the calling thread; takes about a microsecond.
using thread_usage_reader = std::function<thread_usage()>;

}  // namespace libagent
