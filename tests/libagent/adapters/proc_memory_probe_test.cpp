#include "libagent/adapters/proc_memory_probe.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

using namespace libagent;

namespace {

/// A directory that stands for /proc and /sys/fs/cgroup, and is gone with the test.
class fake_kernel {
public:
  fake_kernel() {
    auto pattern = (std::filesystem::temp_directory_path() / "libagent-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    write("proc/self/statm", "765 400 372 5 0 123 0\n");
    write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 5 kB\nMemAvailable: 600 kB\n");
  }

  fake_kernel(const fake_kernel&) = delete;
  fake_kernel& operator=(const fake_kernel&) = delete;

  ~fake_kernel() { std::filesystem::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream{folder_ / path} << text;
  }

  [[nodiscard]] proc_roots roots() const { return {folder_ / "proc", folder_ / "cgroup"}; }

  [[nodiscard]] memory_reading read() const {
    auto probe = proc_memory_probe::open(roots());
    REQUIRE(probe.has_value());
    const auto reading = (*probe)->read();
    REQUIRE(reading.has_value());
    return *reading;
  }

private:
  std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("the probe sees this process and this machine", "[adapters][memory]") {
  auto probe = proc_memory_probe::open();
  REQUIRE(probe.has_value());
  const auto before = (*probe)->read();
  REQUIRE(before.has_value());
  CHECK(before->resident_bytes > 1U << 20U);
  CHECK(before->available_bytes <= before->total_bytes);
  const std::vector<char> touched(32U << 20U, 'x');
  const auto after = (*probe)->read();
  REQUIRE(after.has_value());
  CHECK(after->resident_bytes >= before->resident_bytes + (31U << 20U));
  CHECK(touched.back() == 'x');
}

TEST_CASE("readings follow the files, which stay open", "[adapters][memory]") {
  const fake_kernel kernel;
  auto probe = proc_memory_probe::open(kernel.roots());
  REQUIRE(probe.has_value());
  CHECK((*probe)->read().value().resident_bytes ==
        400U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  kernel.write("proc/self/statm", "800 500 1 1 0 1 0\n");
  CHECK((*probe)->read().value().resident_bytes ==
        500U * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  kernel.write("proc/self/statm", "what?\n");
  CHECK((*probe)->read().error().code == errc::corrupt);
}

TEST_CASE("a version 2 group counts without its inactive file cache", "[adapters][memory]") {
  const fake_kernel kernel;
  kernel.write("proc/self/cgroup", "0::/app\n");
  kernel.write("cgroup/app/memory.max", "500000\n");
  kernel.write("cgroup/app/memory.current", "300000\n");
  kernel.write("cgroup/app/memory.stat", "anon 1\ninactive_file 100000\n");
  CHECK(kernel.read().group_bytes == 200'000U);
  CHECK(read_memory_bounds(kernel.roots()).value().cgroup_bytes == 500'000U);
}

TEST_CASE("the tightest limit of the groups above binds", "[adapters][memory]") {
  const fake_kernel kernel;
  kernel.write("proc/self/cgroup", "4:memory:/box/app\n0::/\n");
  kernel.write("cgroup/memory/box/app/memory.limit_in_bytes", "9223372036854771712\n");
  kernel.write("cgroup/memory/box/memory.limit_in_bytes", "400000\n");
  kernel.write("cgroup/memory/box/memory.usage_in_bytes", "350000\n");
  kernel.write("cgroup/memory/box/memory.stat", "total_inactive_file 50000\n");
  CHECK(kernel.read().group_bytes == 300'000U);
  CHECK(read_memory_bounds(kernel.roots()).value().cgroup_bytes == 400'000U);
}

TEST_CASE("in a container the root of the mount is the container's group", "[adapters][memory]") {
  const fake_kernel kernel;
  kernel.write("proc/self/cgroup", "0::/system.slice/docker-1234.scope\n");
  kernel.write("cgroup/memory.max", "700000\n");
  CHECK(read_memory_bounds(kernel.roots()).value().cgroup_bytes == 700'000U);
}

TEST_CASE("without a limit the control group is left out", "[adapters][memory]") {
  const fake_kernel kernel;
  kernel.write("proc/self/cgroup", "0::/app\n");
  kernel.write("cgroup/app/memory.max", "max\n");
  kernel.write("cgroup/app/memory.current", "300000\n");
  CHECK_FALSE(kernel.read().group_bytes.has_value());
  CHECK_FALSE(read_memory_bounds(kernel.roots()).value().cgroup_bytes.has_value());
}

TEST_CASE("stalls are read where the kernel counts them, and are no reason to fail elsewhere",
          "[adapters][memory]") {
  const fake_kernel kernel;
  CHECK_FALSE(kernel.read().psi_some_us.has_value());
  kernel.write("proc/pressure/memory", "some avg10=0.00 total=700\nfull avg10=0.00 total=30\n");
  const auto reading = kernel.read();
  CHECK(reading.psi_some_us == 700U);
  CHECK(reading.psi_full_us == 30U);
  kernel.write("proc/pressure/memory", "");
  CHECK_FALSE(kernel.read().psi_full_us.has_value());
}

TEST_CASE("a probe without its files says which one is missing", "[adapters][memory]") {
  const auto probe = proc_memory_probe::open({"/nowhere", "/nowhere"});
  REQUIRE_FALSE(probe.has_value());
  CHECK(probe.error() ==
        error{errc::io_failed, "open /nowhere/self/statm: No such file or directory"});
  CHECK(read_memory_bounds({"/nowhere", "/nowhere"}).error().code == errc::io_failed);
}
