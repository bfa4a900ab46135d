#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/field.hpp"

#include <chrono>
#include <cstdint>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

namespace libagent {

/// What one process that runs a tool may take. Zero: no bound but this process's own. A core file
/// is never written.
///
/// All but `processes` hold for each process that it starts, one by one (setrlimit(2)).
struct process_limits {
  /// Address space, which is more than the memory in use: threads and mapped files count whole. Not
  /// applied in programs built with a sanitizer, which reserve terabytes.
  std::uint64_t memory_bytes = std::uint64_t{4} << 30U;
  std::chrono::seconds cpu_time{0};  ///< Of one run; then the kernel sends SIGXCPU.
  std::uint64_t open_files = 256;
  /// Processes at a time, itself included. Bound by a control group where one can be made (there
  /// threads count too), else counted every few dozen milliseconds and killed above.
  std::uint64_t processes = 64;
  std::uint64_t file_bytes = std::uint64_t{1} << 30U;  ///< Size of each file that it writes.
};

template <class Inspector>
bool inspect(Inspector& f, process_limits& x) {
  const process_limits usual;
  return record(
      f, x, "process_limits",
      field("memory_bytes", "Address space of each process; 0 is no bound.", x.memory_bytes)
          .fallback(std::uint64_t{usual.memory_bytes}),
      field("cpu_time_s", "CPU time of a run; 0 is no bound.", x.cpu_time)
          .fallback(std::chrono::seconds{usual.cpu_time}),
      field("open_files", "Open files of each process; 0 is no bound.", x.open_files)
          .fallback(std::uint64_t{usual.open_files}),
      field("processes", "Processes at a time; 0 is no bound.", x.processes)
          .fallback(std::uint64_t{usual.processes}),
      field("file_bytes", "Size of each file that is written; 0 is no bound.", x.file_bytes)
          .fallback(std::uint64_t{usual.file_bytes}));
}

/// One call of setrlimit.
struct resource_limit {
  __rlimit_resource resource;
  rlim_t soft;
  rlim_t hard;
};

/// Whether `memory_bytes` is applied: not in a program built with a sanitizer.
[[nodiscard]] bool memory_limit_works();

/// Whether the CPU time counts from the start, or anew for each run (see `allow_cpu_time`).
enum class cpu_time_of : std::uint8_t { process, run };

/// What a new process sets for itself; never above what this process may.
///
/// The kernel counts a user's processes and threads together and not those of root. So that limit
/// is only a backstop, for other users than root: as many as the user has now, and a thousand more.
[[nodiscard]] std::vector<resource_limit> resource_limits_of(const process_limits& limits,
                                                             cpu_time_of counted);

/// Gives a process that much CPU time from now on, up to a second more since the kernel counts
/// whole ones. Nothing happens for zero. Errors: `io_failed`.
[[nodiscard]] expected<void> allow_cpu_time(pid_t process, std::chrono::seconds more);

}  // namespace libagent
