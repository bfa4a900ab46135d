#include "libagent/adapters/thread_usage.hpp"

#include <chrono>
#include <sys/resource.h>

namespace libagent {

namespace {

duration time_of(const timeval& value) {
  return std::chrono::seconds{value.tv_sec} + std::chrono::microseconds{value.tv_usec};
}

}  // namespace

thread_usage read_thread_usage() {
  rusage used{};
  // It fails for bad arguments only.
  (void)getrusage(RUSAGE_THREAD, &used);
  return {.computing = time_of(used.ru_utime) + time_of(used.ru_stime),
          .waits = static_cast<std::uint64_t>(used.ru_nvcsw)};
}

}  // namespace libagent
