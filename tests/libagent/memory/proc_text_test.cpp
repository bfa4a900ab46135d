#include "libagent/memory/proc_text.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("statm gives resident pages, its second number", "[memory]") {
  CHECK(resident_bytes_in_statm("765 400 372 5 0 123 0\n", 4096).value() == 400U * 4096U);
}

TEST_CASE("meminfo gives total and available memory in bytes", "[memory]") {
  const auto memory = machine_memory_in_meminfo(
      "MemTotal:       24684096 kB\nMemFree:        22693112 kB\nMemAvailable:   23136692 kB\n"
      "Buffers:            6548 kB\n");
  REQUIRE(memory.has_value());
  CHECK(memory->total_bytes == 24'684'096ULL * 1024);
  CHECK(memory->available_bytes == 23'136'692ULL * 1024);
}

TEST_CASE("text that the kernel would not write is corrupt, and the error says what was sought",
          "[memory]") {
  const auto statm = resident_bytes_in_statm("765", 4096);
  REQUIRE_FALSE(statm.has_value());
  CHECK(statm.error() == error{errc::corrupt, "read the resident pages in statm: found '765'"});
  CHECK_FALSE(resident_bytes_in_statm("", 4096).has_value());
  CHECK_FALSE(machine_memory_in_meminfo("MemTotal: 5 kB\n").has_value());
  CHECK_FALSE(machine_memory_in_meminfo("MemTotal: much\nMemAvailable: 5 kB\n").has_value());
  CHECK_FALSE(bytes_in_cgroup_file("").has_value());
  CHECK_FALSE(bytes_in_cgroup_file("-5\n").has_value());
  CHECK_FALSE(inactive_file_in_cgroup_stat("cache 5\n").has_value());
}

TEST_CASE("both spellings of no limit mean that there is none", "[memory]") {
  CHECK(bytes_in_cgroup_file("max\n").value() == std::nullopt);
  CHECK(bytes_in_cgroup_file("9223372036854771712\n").value() == std::nullopt);
  CHECK(bytes_in_cgroup_file("536870912\n").value() == 536'870'912U);
  CHECK(bytes_in_cgroup_file("0\n").value() == 0U);
}

TEST_CASE("inactive file cache of a version 1 group includes the groups below", "[memory]") {
  CHECK(inactive_file_in_cgroup_stat("anon 10\ninactive_file 20\n").value() == 20U);
  CHECK(inactive_file_in_cgroup_stat("inactive_file 20\ntotal_inactive_file 70\n").value() == 70U);
}

TEST_CASE("the memory controller of version 1 is preferred where both versions are mounted",
          "[memory]") {
  const auto hybrid =
      memory_group_in_cgroup("9:name=systemd:/\n4:memory:/box/one\n2:cpu,cpuacct:/\n0::/other\n");
  REQUIRE(hybrid.has_value());
  CHECK_FALSE(hybrid->is_v2);
  CHECK(hybrid->path == "/box/one");
  const auto shared = memory_group_in_cgroup("4:hugetlb,memory:/x\n");
  REQUIRE(shared.has_value());
  CHECK(shared->path == "/x");
}

TEST_CASE("version 2 has one line for all controllers", "[memory]") {
  const auto unified = memory_group_in_cgroup("0::/user.slice/app.scope\n");
  REQUIRE(unified.has_value());
  CHECK(unified->is_v2);
  CHECK(unified->path == "/user.slice/app.scope");
}

TEST_CASE("pressure text gives the totals of some and full stalls", "[memory]") {
  const auto stalls = memory_stalls_in_pressure(
      "some avg10=0.00 avg60=1.50 avg300=0.00 total=123456\n"
      "full avg10=0.00 avg60=0.00 avg300=0.00 total=789\n");
  REQUIRE(stalls.has_value());
  CHECK(stalls->some_us == 123'456U);
  CHECK(stalls->full_us == 789U);
  CHECK_FALSE(memory_stalls_in_pressure("some avg10=0.00 total=5\n").has_value());
  CHECK_FALSE(memory_stalls_in_pressure("some total=x\nfull total=1\n").has_value());
  CHECK_FALSE(memory_stalls_in_pressure("").has_value());
}

TEST_CASE("a process in no memory group has no place", "[memory]") {
  CHECK_FALSE(memory_group_in_cgroup("").has_value());
  CHECK_FALSE(memory_group_in_cgroup("nonsense\n2:cpu:/x\n").has_value());
}
