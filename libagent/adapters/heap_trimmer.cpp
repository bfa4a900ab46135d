#include "libagent/adapters/heap_trimmer.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace libagent {

namespace {

constexpr int trimmer_niceness = 19;
constexpr int first_threshold_bytes = 128 * 1024;  // glibc's, before it adapts it

}  // namespace

heap_trimmer::heap_trimmer() : thread_{[this](const std::stop_token& stop) { serve(stop); }} {
  // Setting either one ends the adaptation of both (mallopt(3)).
  ::mallopt(M_TRIM_THRESHOLD, first_threshold_bytes);
}

void heap_trimmer::request() {
  {
    const std::lock_guard lock{mutex_};
    is_requested_ = true;
  }
  wanted_.notify_one();
}

std::uint64_t heap_trimmer::done() const {
  const std::lock_guard lock{mutex_};
  return done_;
}

void heap_trimmer::serve(const std::stop_token& stop) {
  // On Linux this is the priority of the calling thread. A failure only costs politeness.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), trimmer_niceness);
  std::unique_lock lock{mutex_};
  while (wanted_.wait(lock, stop, [this] { return is_requested_; })) {
    is_requested_ = false;
    lock.unlock();
    ::malloc_trim(0);
    lock.lock();
    ++done_;
  }
}

}  // namespace libagent
