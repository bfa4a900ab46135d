#pragma once

#include <linux/filter.h>
#include <vector>

namespace libagent {

/// A program for the kernel (seccomp(2)) that refuses calls which no tool needs and which reach
/// beyond its own process: tracing, mounting, kernel modules, clocks, keys, other name spaces.
/// Refused ones fail with EPERM, or ENOSYS where programs know how to go on without.
///
/// Without `network`, sockets of other families than AF_UNIX are refused too. Empty on processors
/// that it is not written for (others than x86-64 and AArch64).
[[nodiscard]] std::vector<sock_filter> make_seccomp_filter(bool network);

}  // namespace libagent
