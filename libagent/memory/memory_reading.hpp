#pragma once

#include <cstdint>
#include <optional>

namespace libagent {

/// One look at memory, in bytes.
struct memory_reading {
  std::uint64_t resident_bytes = 0;   ///< Resident set size of this process.
  std::uint64_t available_bytes = 0;  ///< MemAvailable: what the machine can give without swapping.
  std::uint64_t total_bytes = 0;      ///< MemTotal of the machine.
  /// Working set of the control group, when it has a limit: its use without inactive file cache.
  std::optional<std::uint64_t> group_bytes;
  /// Time since the machine's start in which at least one task, or all of them, waited for memory,
  /// in microseconds. Absent where the kernel does not say.
  std::optional<std::uint64_t> psi_some_us;
  std::optional<std::uint64_t> psi_full_us;

  friend bool operator==(const memory_reading&, const memory_reading&) = default;
};

}  // namespace libagent
