#pragma once

#include <cstdint>
#include <string>

namespace libagent::lab {

/// The most resident memory that a process ("self" or its number) had; 0 when unknown.
[[nodiscard]] std::uint64_t peak_bytes_of(const std::string& process);

/// Gives free memory back and forgets the highest use so far; returns what is in use. Where the
/// kernel does not allow to forget, the peak stays that of the process's whole life.
std::uint64_t begin_peak_measurement();

/// CPU time that this process has used, in milliseconds.
[[nodiscard]] double used_cpu_ms();

}  // namespace libagent::lab
