#include "libagent/adapters/process_family.hpp"

#include "libagent/adapters/pids_group.hpp"
#include "libagent/adapters/sandbox.hpp"
#include "libagent/adapters/work_folders.hpp"

#include "tests/support/shell_tool.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// Daemons that leave the session, in several ways; each command line has the marker.
std::string daemon_script(const std::string& marker) {
  return "(setsid tail -f /dev/null " + marker +
         " >/dev/null 2>&1 & ) ; env -i setsid -f "
         "/bin/sh -c 'tail -f /dev/null " +
         marker + "' </dev/null >/dev/null 2>&1; ";
}

/// An argument for tail that nobody else gives, and by which its processes are found.
std::string marker_of(int number) {
  return "--sleep-interval=7.00" + std::to_string(number) + "0" + std::to_string(getpid());
}

/// Each process starts two more, for nine generations: enough to see whether it is contained, and
/// no harm when it is not. $0 is the script, $1 the generations left.
external_tool_spec bomb(const std::string& marker, bool leaves_session) {
  const std::string begin = leaves_session ? "setsid -f " : "";
  const std::string again = begin + "/bin/sh -c \"$0\" \"$0\" $n" + (begin.empty() ? " & " : "; ");
  const auto script =
      "n=$(($1 - 1)); [ $n -gt 0 ] && { " + again + again + "}; exec tail -f /dev/null " + marker;
  auto spec = shell_tools::spec_of(script);
  spec.command.insert(spec.command.end(), {script, "9"});
  return spec;
}

}  // namespace

TEST_CASE("(the owner of a daemon that one case kills)", "[.daemon_owner]") {
  const auto* const base = std::getenv("DAEMON_BASE");
  const auto* const marker = std::getenv("DAEMON_MARKER");
  REQUIRE((base != nullptr && marker != nullptr));
  auto host = external_tool_host::open({.environment = {"PATH=/usr/bin:/bin"}, .work_dir = base});
  REQUIRE(host);
  auto made = make_external_tool(
      shell_tools::spec_of(daemon_script(marker) + "echo 'progress: 1' >&2; tail -f /dev/null"),
      *host);
  REQUIRE(made);
  auto context = shell_tools::context();
  context.progress = [](double, const std::string&) { std::raise(SIGKILL); };
  (void)(*made)->run("{}", context);
}

TEST_CASE("daemons that leave the session of a tool die with it", "[adapters]") {
  const bool by_group = GENERATE(true, false);
  const shell_tools tools;
  const auto [name, ending] = GENERATE(table<const char*, const char*>(
      {{"success", "echo 1"}, {"failure", "exit 3"}, {"crash", "kill -SEGV $$"}}));
  const auto marker = marker_of(1);
  // Both are there before the tool goes on: setsid -f returns once its child runs.
  auto spec = shell_tools::spec_of(daemon_script(marker) + ending);
  spec.sandbox.control_group = by_group;
  const auto outcome = tools.run(spec);
  CAPTURE(name, by_group);
  CHECK(outcome.has_value() == (std::string{name} == "success"));
  CHECK(processes_with(marker) == 0);
}

TEST_CASE("a fork bomb is contained and nothing of it stays", "[adapters]") {
  const bool by_group = GENERATE(true, false);
  const bool leaves_session = GENERATE(true, false);
  if (by_group && !pids_groups_work()) {
    WARN("no control group can be made here; processes are counted only");
    return;
  }
  const shell_tools tools;
  const auto marker = marker_of(2);
  auto spec = bomb(marker, leaves_session);
  spec.limits.processes = 40;
  spec.sandbox.control_group = by_group;
  const auto outcome = tools.make(spec)->run("{}", shell_tools::context(by_group ? 300ms : 30s));
  REQUIRE_FALSE(outcome);
  CAPTURE(outcome.error().context, leaves_session);
  // In a group it is stopped from growing, and runs until its deadline or fails.
  CHECK(outcome.error().code == (by_group ? errc::deadline_exceeded : errc::crashed));
  if (!by_group)
    CHECK_THAT(outcome.error().context, Contains("it had more than 40 processes"));
  CHECK(processes_with(marker) == 0);
  CHECK(tools.run("echo 1").value() == "1");
}

TEST_CASE("daemons of an owner that was killed die when the next one starts", "[adapters]") {
  const temporary_folder base;
  const auto marker = marker_of(4);
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto command = "DAEMON_BASE='" + base.path().string() + "' DAEMON_MARKER='" + marker +
                       "' '" + self + "' '[.daemon_owner]' >/dev/null 2>&1";
  CHECK(std::system(command.c_str()) != 0);
  REQUIRE(processes_with(marker) >= 1);
  REQUIRE_FALSE(std::filesystem::is_empty(base.path()));
  {
    const auto folders = work_folders::open(base.path());
    REQUIRE(folders);
    CHECK(processes_with(marker) == 0);
    CHECK(std::distance(std::filesystem::directory_iterator{base.path()}, {}) == 1);
  }
  CHECK(std::filesystem::is_empty(base.path()));
}

TEST_CASE("a family without a tag is empty", "[adapters]") {
  const process_family nobody;
  CHECK(nobody.count() == 0);
  CHECK(nobody.kill_all(0ms));
}
