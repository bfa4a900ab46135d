#pragma once

#include <concepts>
#include <sys/wait.h>
#include <unistd.h>

namespace libagent::testing {

/// Runs `work` in a copy of this process and returns what it returned (0 to 255), or -1 when the
/// copy was ended by a signal. For what would change the process for good, such as its limits.
/// `work` must not use the test framework: report by number.
template <std::invocable Work>
int run_in_forked_child(Work work) {
  const auto child = ::fork();
  if (child == 0)
    ::_exit(work());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status))
    return -1;
  return WEXITSTATUS(status);
}

}  // namespace libagent::testing
