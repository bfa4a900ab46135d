#include "libagent/adapters/cpu_limits.hpp"

#include "tests/support/forked_child.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string>
#include <system_error>
#include <unistd.h>

using namespace libagent;
using libagent::testing::run_in_forked_child;
using libagent::testing::temporary_folder;

namespace {

proc_roots roots_in(const temporary_folder& folder) {
  return {folder.path() / "proc", folder.path() / "cgroup"};
}

/// Holds the calling process to one CPU, one that it may use.
bool pin_to_one_cpu() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (::sched_getaffinity(0, sizeof(mask), &mask) != 0)
    return false;
  std::size_t cpu = 0;
  while (CPU_ISSET(cpu, &mask) == 0)
    ++cpu;
  CPU_ZERO(&mask);
  CPU_SET(cpu, &mask);
  return ::sched_setaffinity(0, sizeof(mask), &mask) == 0;
}

bool write_line(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out{file};
  out << text << std::flush;
  return out.good();
}

/// A control group of version 1 with half a CPU, below the mount point; gone with the test.
class half_cpu_group {
public:
  half_cpu_group() {
    std::error_code failed;
    is_made_ = std::filesystem::create_directory(folder_, failed) &&
               write_line(folder_ / "cpu.cfs_period_us", "100000") &&
               write_line(folder_ / "cpu.cfs_quota_us", "50000");
  }

  half_cpu_group(const half_cpu_group&) = delete;
  half_cpu_group& operator=(const half_cpu_group&) = delete;

  ~half_cpu_group() { ::rmdir(folder_.c_str()); }

  [[nodiscard]] bool is_made() const { return is_made_; }

  [[nodiscard]] bool join() const { return write_line(folder_ / "cgroup.procs", "0"); }

private:
  std::filesystem::path folder_ = "/sys/fs/cgroup/cpu/libagent-test-" + std::to_string(::getpid());
  bool is_made_ = false;
};

}  // namespace

TEST_CASE("without limits all CPUs of the mask are usable", "[adapters]") {
  const temporary_folder nothing;
  const auto cpus = usable_cpus(roots_in(nothing));
  cpu_set_t mask;
  CPU_ZERO(&mask);
  REQUIRE(::sched_getaffinity(0, sizeof(mask), &mask) == 0);
  CHECK(cpus == static_cast<std::uint32_t>(CPU_COUNT(&mask)));
  CHECK(usable_cpus() >= 1);
  CHECK(usable_cpus() <= cpus);
}

TEST_CASE("the affinity mask limits", "[adapters]") {
  const auto outcome = run_in_forked_child([] {
    const temporary_folder nothing;
    return pin_to_one_cpu() ? static_cast<int>(usable_cpus(roots_in(nothing))) : 100;
  });
  CHECK(outcome == 1);
}

TEST_CASE("the tightest quota of the groups above limits, in both versions", "[adapters]") {
  const temporary_folder kernel;
  const auto with_files = usable_cpus(roots_in(kernel));
  kernel.write("proc/self/cgroup", "4:cpu,cpuacct:/box/app\n0::/\n");
  kernel.write("cgroup/cpu/box/app/cpu.cfs_quota_us", "-1\n");
  kernel.write("cgroup/cpu/box/app/cpu.cfs_period_us", "100000\n");
  CHECK(usable_cpus(roots_in(kernel)) == with_files);
  kernel.write("cgroup/cpu/box/cpu.cfs_quota_us", "20000\n");
  kernel.write("cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
  CHECK(usable_cpus(roots_in(kernel)) == 1);
  kernel.write("proc/self/cgroup", "0::/app\n");
  kernel.write("cgroup/app/cpu.max", "max 100000\n");
  CHECK(usable_cpus(roots_in(kernel)) == with_files);
  kernel.write("cgroup/app/cpu.max", "90000 100000\n");
  CHECK(usable_cpus(roots_in(kernel)) == 1);
}

TEST_CASE("a quota that cannot be read does not limit", "[adapters]") {
  const temporary_folder kernel;
  const auto without = usable_cpus(roots_in(kernel));
  kernel.write("proc/self/cgroup", "4:cpu:/app\n");
  kernel.write("cgroup/cpu/app/cpu.cfs_quota_us", "what?\n");
  CHECK(usable_cpus(roots_in(kernel)) == without);
}

TEST_CASE("a real group with half a CPU makes one CPU usable", "[adapters]") {
  const half_cpu_group group;
  if (!group.is_made()) {
    WARN("skipped: control groups of version 1 cannot be made here");
    return;
  }
  const auto before = usable_cpus();
  const auto outcome = run_in_forked_child(
      [&group] { return group.join() ? static_cast<int>(usable_cpus()) : 100; });
  CHECK(outcome == 1);
  CHECK(usable_cpus() == before);
}
