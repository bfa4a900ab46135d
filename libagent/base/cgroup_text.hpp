#pragma once

#include "libagent/base/expected.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

// Parsers for what Linux says about control groups. They read nothing themselves, so they are
// tested with samples. They fail with `errc::corrupt`, naming what they looked for.

/// Where a control group is in the hierarchy.
struct cgroup_place {
  bool is_v2 = false;
  std::string path;  ///< Below the hierarchy's mount point; "/" for the root group.
};

/// The group of /proc/self/cgroup that `controller` works for: in a hierarchy of its own
/// (version 1), else in the unified one (version 2). Empty: none does.
[[nodiscard]] std::optional<cgroup_place> group_of_controller(std::string_view text,
                                                              std::string_view controller);

/// How many CPUs' time a group may use, from the texts of version 1's cpu.cfs_quota_us and
/// cpu.cfs_period_us. Empty: no limit (-1).
[[nodiscard]] expected<std::optional<double>> cpu_quota_of_v1(std::string_view quota_us,
                                                              std::string_view period_us);

/// The same from version 2's cpu.max: "50000 100000" or "max 100000".
[[nodiscard]] expected<std::optional<double>> cpu_quota_of_v2(std::string_view cpu_max);

/// How many threads that compute are of use: no more than the CPUs one may run on, nor than the
/// quota rounded up, and at least one.
[[nodiscard]] std::uint32_t cpus_within(std::uint32_t allowed, std::optional<double> quota);

}  // namespace libagent
