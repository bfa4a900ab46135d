#pragma once

#include "libagent/base/cgroup_text.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

// Parsers for the text that Linux shows under /proc and /sys/fs/cgroup. They read nothing
// themselves, so they are tested with samples. All but the last two return bytes; all fail with
// `errc::corrupt`, naming what they looked for, when the text is not what the kernel documents.

/// The second number of /proc/self/statm, in pages.
[[nodiscard]] expected<std::uint64_t> resident_bytes_in_statm(std::string_view text,
                                                              std::uint64_t page_bytes);

struct machine_memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;
};

/// MemTotal and MemAvailable of /proc/meminfo.
[[nodiscard]] expected<machine_memory> machine_memory_in_meminfo(std::string_view text);

/// A cgroup limit or use: one number (v1 and v2), or "max" (v2). Empty: no limit. Version 1 says
/// "no limit" with a number near 2^63, which counts as none.
[[nodiscard]] expected<std::optional<std::uint64_t>> bytes_in_cgroup_file(std::string_view text);

/// `inactive_file` of v2's memory.stat or `total_inactive_file` of v1's: cache that goes first.
[[nodiscard]] expected<std::uint64_t> inactive_file_in_cgroup_stat(std::string_view text);

/// The running totals of /proc/pressure/memory, in microseconds: the time in which some, and in
/// which all tasks waited for memory.
struct memory_stalls {
  std::uint64_t some_us = 0;
  std::uint64_t full_us = 0;
};

[[nodiscard]] expected<memory_stalls> memory_stalls_in_pressure(std::string_view text);

/// The group that accounts for this process's memory, from /proc/self/cgroup. Empty: none does.
[[nodiscard]] std::optional<cgroup_place> memory_group_in_cgroup(std::string_view text);

}  // namespace libagent
