#include "libagent/adapters/process_limits.hpp"

#include "tests/support/shell_tool.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <string>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

external_tool_spec limited_script(const std::string& script, const process_limits& limits) {
  auto spec = shell_tools::spec_of(script);
  spec.limits = limits;
  return spec;
}

void check_crashed(const expected<std::string>& outcome, const std::string& words) {
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == errc::crashed);
  CHECK_THAT(outcome.error().context, Contains(words));
}

}  // namespace

TEST_CASE("a process that computes longer than it may crashes by its limit", "[adapters]") {
  const shell_tools tools;
  check_crashed(tools.run(limited_script("while :; do :; done", {.cpu_time = 1s})),
                "ended by SIGXCPU, its CPU time was limited to 1 s");
}

TEST_CASE("a process that writes more than it may crashes by its limit", "[adapters]") {
  const shell_tools tools;
  const auto write_bytes = [](const std::string& count) {
    return limited_script("head -c " + count + " /dev/zero > file || kill -XFSZ $$; echo 1",
                          {.file_bytes = 1U << 20U});
  };
  CHECK(tools.run(write_bytes("1048576")).value() == "1");
  check_crashed(tools.run(write_bytes("1048577")),
                "ended by SIGXFSZ, a file it writes was limited to 1 MiB");
}

TEST_CASE("a process that takes more memory than it may crashes by its limit", "[adapters]") {
  if (!memory_limit_works()) {
    WARN("programs built with a sanitizer cannot have a memory limit");
    return;
  }
  const shell_tools tools;
  // All is one line, which has to be in memory.
  const std::string script =
      "head -c 200000000 /dev/zero | tail -n 1 > /dev/null || exit 1; echo 1";
  CHECK(tools.run(limited_script(script, {.memory_bytes = 2U << 30U})).value() == "1");
  check_crashed(tools.run(limited_script(script, {.memory_bytes = 64U << 20U})),
                "ended with exit code 1, its memory was limited to 64 MiB");
}

TEST_CASE("a process finds the limits that it was given, and never a core file", "[adapters]") {
  const shell_tools tools;
  const auto seen = tools.run(
      limited_script("echo \"[$(ulimit -n),$(ulimit -c),$(ulimit -Hn)]\"", {.open_files = 33}));
  CHECK(seen.value() == "[33,0,33]");
  const auto unlimited = tools.run(
      limited_script("echo \"\\\"$(ulimit -n)\\\"\"", {.memory_bytes = 0, .open_files = 0}));
  CHECK(unlimited.value() != "\"33\"");
}

TEST_CASE("limits are never above what this process may itself", "[adapters]") {
  rlimit own{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &own) == 0);
  const auto all =
      resource_limits_of({.open_files = std::uint64_t{1} << 60U}, cpu_time_of::process);
  const auto files = std::ranges::find(all, RLIMIT_NOFILE, &resource_limit::resource);
  REQUIRE(files != all.end());
  CHECK(files->soft <= own.rlim_max);
}

TEST_CASE("CPU time for a process that is gone cannot be given", "[adapters]") {
  CHECK(allow_cpu_time(1 << 30, 1s).error().code == errc::io_failed);
  CHECK(allow_cpu_time(1 << 30, 0s));
}
