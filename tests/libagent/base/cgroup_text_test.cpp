#include "libagent/base/cgroup_text.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("a controller's own hierarchy is preferred to the unified one", "[base]") {
  const auto text = "9:name=systemd:/\n4:cpu,cpuacct:/box/one\n3:memory:/m\n0::/other\n";
  const auto cpu = group_of_controller(text, "cpu");
  REQUIRE(cpu.has_value());
  CHECK_FALSE(cpu->is_v2);
  CHECK(cpu->path == "/box/one");
  const auto pids = group_of_controller(text, "pids");
  REQUIRE(pids.has_value());
  CHECK(pids->is_v2);
  CHECK(pids->path == "/other");
}

TEST_CASE("a controller is known by its whole name", "[base]") {
  CHECK_FALSE(group_of_controller("3:cpuset:/a\n2:cpuacct:/b\n", "cpu").has_value());
  CHECK_FALSE(group_of_controller("", "cpu").has_value());
  CHECK_FALSE(group_of_controller("nonsense\n2:cpu\n", "cpu").has_value());
}

TEST_CASE("a path may contain what separates the fields", "[base]") {
  CHECK(group_of_controller("2:cpu:/a:b,c\n", "cpu").value().path == "/a:b,c");
}

TEST_CASE("a version 1 quota is its share of the period, and -1 is none", "[base]") {
  CHECK(cpu_quota_of_v1("50000\n", "100000\n").value() == 0.5);
  CHECK(cpu_quota_of_v1("250000\n", "100000\n").value() == 2.5);
  CHECK(cpu_quota_of_v1("-1\n", "100000\n").value() == std::nullopt);
}

TEST_CASE("a version 2 quota is its share of the period, and max is none", "[base]") {
  CHECK(cpu_quota_of_v2("150000 100000\n").value() == 1.5);
  CHECK(cpu_quota_of_v2("max 100000\n").value() == std::nullopt);
}

TEST_CASE("a quota that the kernel would not write is corrupt", "[base]") {
  CHECK(cpu_quota_of_v1("much\n", "100000\n").error() ==
        error{errc::corrupt, "read a number in cpu.cfs_quota_us: found 'much\n'"});
  CHECK_FALSE(cpu_quota_of_v1("50000\n", "0\n").has_value());
  CHECK_FALSE(cpu_quota_of_v1("50000x\n", "1\n").has_value());
  CHECK_FALSE(cpu_quota_of_v2("").has_value());
  CHECK_FALSE(cpu_quota_of_v2("max\n").has_value());
  CHECK_FALSE(cpu_quota_of_v2("-1 100000\n").has_value());
  CHECK_FALSE(cpu_quota_of_v2("50000\n").has_value());
}

TEST_CASE("threads follow the smaller of CPUs and quota, rounded up, and there is always one",
          "[base]") {
  CHECK(cpus_within(8, std::nullopt) == 8);
  CHECK(cpus_within(8, 2.0) == 2);
  CHECK(cpus_within(8, 2.1) == 3);
  CHECK(cpus_within(8, 7.5) == 8);
  CHECK(cpus_within(8, 1e12) == 8);
  CHECK(cpus_within(8, 0.5) == 1);
  CHECK(cpus_within(8, 0.0) == 1);
  CHECK(cpus_within(0, std::nullopt) == 1);
}
