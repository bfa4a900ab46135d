#pragma once

#include "libagent/adapters/process_limits.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// How a process ended, by what the kernel tells.
struct process_end {
  std::optional<int> status;  ///< As of wait(2); empty: it outlives SIGKILL, inside of the kernel.
  std::uint64_t peak_bytes = 0;  ///< Resident memory at its peak; 0: not known.
};

/// For people: "with exit code 3", "by SIGSEGV".
[[nodiscard]] std::string describe(const process_end& end);

/// Whether a signal ended it.
[[nodiscard]] bool was_signalled(const process_end& end);

/// Which limit it seems to have hit, as ", whose CPU time was limited to 2 s"; empty: none that one
/// could tell. Memory is a guess by what it said last: the kernel only refuses it.
[[nodiscard]] std::string limit_hit(const process_end& end, const process_limits& limits,
                                    std::string_view last_words);

/// What else is known, for a crash report: "; it last said "...""; "; its memory peaked at 12 MiB".
[[nodiscard]] std::string crash_details(const process_end& end, std::string_view last_words);

}  // namespace libagent
