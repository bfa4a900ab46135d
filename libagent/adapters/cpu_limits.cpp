#include "libagent/adapters/cpu_limits.hpp"

#include "libagent/base/cgroup_text.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <sched.h>
#include <string>
#include <thread>

namespace libagent {

namespace {

std::uint32_t cpus_in_mask() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (::sched_getaffinity(0, sizeof(mask), &mask) == 0)
    return static_cast<std::uint32_t>(CPU_COUNT(&mask));
  return std::thread::hardware_concurrency();  // more than 1024 CPUs do not fit the mask
}

// Empty when the file cannot be read.
std::optional<std::string> small_file(const std::filesystem::path& path) {
  const auto file = kept_file::open(path);
  if (!file)
    return std::nullopt;
  std::array<char, 4096> buffer{};
  const auto text = file->read(buffer);
  return text ? std::optional{std::string{*text}} : std::nullopt;
}

std::optional<double> quota_of_group(const std::filesystem::path& folder, bool is_v2) {
  const auto first = small_file(folder / (is_v2 ? "cpu.max" : "cpu.cfs_quota_us"));
  if (!first)
    return std::nullopt;
  if (is_v2)
    return cpu_quota_of_v2(*first).value_or(std::nullopt);
  const auto period = small_file(folder / "cpu.cfs_period_us");
  return period ? cpu_quota_of_v1(*first, *period).value_or(std::nullopt) : std::nullopt;
}

// A quota holds for all groups below, so every group up to the root counts. See the walk in
// proc_memory_probe.cpp for paths in containers.
std::optional<double> tightest_quota(const proc_roots& roots) {
  const auto text = small_file(roots.proc / "self/cgroup");
  const auto place = text ? group_of_controller(*text, "cpu") : std::nullopt;
  if (!place)
    return std::nullopt;
  const auto mount = place->is_v2 ? roots.cgroup : roots.cgroup / "cpu";
  std::optional<double> tightest;
  for (auto path = std::filesystem::path{place->path}.relative_path();; path = path.parent_path()) {
    const auto quota = quota_of_group(mount / path, place->is_v2);
    if (quota && (!tightest || *quota < *tightest))
      tightest = quota;
    if (path.empty())
      return tightest;
  }
}

}  // namespace

std::uint32_t usable_cpus(const proc_roots& roots) {
  return cpus_within(cpus_in_mask(), tightest_quota(roots));
}

}  // namespace libagent
