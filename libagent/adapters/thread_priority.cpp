#include "libagent/adapters/thread_priority.hpp"

#include <cerrno>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace libagent {

namespace {

// Linux applies PRIO_PROCESS to one thread when it is given a thread's id; see setpriority(2).
id_t this_thread() {
  return static_cast<id_t>(gettid());
}

error priority_error(const char* what) {
  return {errc::io_failed, std::string{what} + ": " + std::generic_category().message(errno)};
}

}  // namespace

expected<void> set_thread_niceness(int nice) {
  if (nice < 0 || nice > 19) {
    return error{errc::invalid_argument,
                 "set thread niceness: it is " + std::to_string(nice) + ", allowed is 0 to 19"};
  }
  if (setpriority(PRIO_PROCESS, this_thread(), nice) != 0)
    return priority_error("set thread niceness");
  return {};
}

expected<int> thread_niceness() {
  errno = 0;  // -1 is a valid answer, so only errno tells of a failure.
  const int nice = getpriority(PRIO_PROCESS, this_thread());
  if (nice == -1 && errno != 0)
    return priority_error("read thread niceness");
  return nice;
}

}  // namespace libagent
