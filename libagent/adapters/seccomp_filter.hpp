#pragma once

#include <linux/filter.h>
#include <vector>

namespace libagent {

struct seccomp_choice {
  /// Else sockets of other families than AF_UNIX are refused.
  bool network = true;
  /// Nobody leaves its process group: setsid(2) and setpgid(2) do nothing and say that they did.
  /// The kernel kills a group at once, while what starts new ones outruns who kills one by one.
  bool keep_group = false;
};

/// A program for the kernel (seccomp(2)) that refuses calls which no tool needs and which reach
/// beyond its own process: tracing, mounting, kernel modules, clocks, keys, other name spaces.
/// Refused ones fail with EPERM, or ENOSYS where programs know how to go on without.
///
/// Empty on processors that it is not written for (others than x86-64 and AArch64).
[[nodiscard]] std::vector<sock_filter> make_seccomp_filter(const seccomp_choice& choice);

}  // namespace libagent
