#include "libagent/adapters/sandbox.hpp"

#include "libagent/adapters/child_environment.hpp"
#include "libagent/adapters/landlock_rules.hpp"
#include "libagent/adapters/work_folders.hpp"

#include "tests/support/shell_tool.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/keyctl.h>
#include <sched.h>
#include <string>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;
using nlohmann::json;

namespace {

int errno_of(long result) {
  return result < 0 ? errno : 0;
}

json describe_calls() {
  return {{"unshare", errno_of(unshare(CLONE_NEWUTS))},
          {"keyctl", errno_of(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, 0, 0))},
          {"ptrace", errno_of(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr))},
          {"bpf", errno_of(syscall(SYS_bpf, 0, nullptr, 0))},
          {"clone3", errno_of(syscall(SYS_clone3, nullptr, 0))},
          {"inet", errno_of(socket(AF_INET, SOCK_STREAM, 0))},
          {"inet6", errno_of(socket(AF_INET6, SOCK_DGRAM, 0))},
          {"local", errno_of(socket(AF_UNIX, SOCK_STREAM, 0))},
          {"kill", errno_of(kill(getppid(), 0))}};
}

external_tool_spec calling_tool(const sandbox_options& sandbox) {
  return {.spec = {.name = "calls", .description = "Says which calls fail."},
          .command = {"/proc/self/exe", "[.sandboxed_calls]", "-o", "/dev/null"},
          .sandbox = sandbox};
}

/// Whether a shell that is asked to do this in a folder outside of its own may.
bool may_in(const shell_tools& tools, external_tool_spec spec, const std::string& script) {
  spec.command.back() = script + " && echo 1";
  return tools.run(spec).has_value();
}

}  // namespace

TEST_CASE("(the program that tells which calls are refused)", "[.sandboxed_calls]") {
  std::printf("%s\n", describe_calls().dump().c_str());
  std::fflush(stdout);
  std::_Exit(0);
}

TEST_CASE("a tool reaches files of the system and of its folder only", "[adapters]") {
  if (landlock_version() == 0) {
    WARN("this kernel has no Landlock: files are not restricted");
    return;
  }
  const shell_tools tools;
  const temporary_folder outside;
  outside.write("secret", "a secret");
  const auto folder = outside.path().string();
  const auto spec = shell_tools::spec_of("");
  CHECK(may_in(tools, spec, "echo x > here && cat here >&2"));
  CHECK(may_in(tools, spec, "echo x > /dev/null"));
  CHECK_FALSE(may_in(tools, spec, "echo x > " + folder + "/new"));
  CHECK_FALSE(may_in(tools, spec, "echo x >> " + folder + "/secret"));
  CHECK_FALSE(may_in(tools, spec, "rm -f " + folder + "/secret"));
  CHECK_FALSE(may_in(tools, spec, "cat " + folder + "/secret >&2"));
  CHECK_FALSE(may_in(tools, spec, "echo x > /etc/new-file"));
  CHECK_FALSE(std::filesystem::exists(outside.path() / "new"));
  auto reading = spec;
  reading.sandbox.readable = {folder};
  CHECK(may_in(tools, reading, "cat " + folder + "/secret >&2"));
  CHECK_FALSE(may_in(tools, reading, "echo x > " + folder + "/secret"));
  auto writing = spec;
  writing.sandbox.writable = {folder};
  CHECK(may_in(tools, writing, "echo x > " + folder + "/new && mv " + folder + "/new here"));
  auto free_one = spec;
  free_one.sandbox.restrict_files = false;
  CHECK(may_in(tools, free_one, "echo x > " + folder + "/free"));
}

TEST_CASE("a tool cannot make calls that reach beyond it", "[adapters]") {
  if (!status_of({}).calls) {
    WARN("no filters of system calls here");
    return;
  }
  const shell_tools tools;
  const auto seen = json::parse(tools.run(calling_tool({})).value());
  for (const auto* const name : {"unshare", "keyctl", "ptrace", "bpf"}) {
    CAPTURE(name);
    CHECK(seen[name] == EPERM);
  }
  CHECK(seen["clone3"] == ENOSYS);
  CHECK(seen["inet"] == 0);
  CHECK(seen["local"] == 0);
  const auto offline = json::parse(tools.run(calling_tool({.network = false})).value());
  CHECK(offline["inet"] == EPERM);
  CHECK(offline["inet6"] == EPERM);
  CHECK(offline["local"] == 0);
  const auto free_one = json::parse(tools.run(calling_tool({.restrict_calls = false})).value());
  CHECK(free_one["keyctl"] != EPERM);
  CHECK(free_one["clone3"] != ENOSYS);
}

TEST_CASE("a tool can signal no process outside of its sandbox", "[adapters]") {
  if (landlock_version() < 6) {
    WARN("this kernel's Landlock does not bind signals");
    return;
  }
  const shell_tools tools;
  CHECK(json::parse(tools.run(calling_tool({})).value())["kill"] == EPERM);
  CHECK(json::parse(tools.run(calling_tool({.restrict_files = false})).value())["kill"] == 0);
}

TEST_CASE("a tool has a private folder, which is gone afterwards", "[adapters]") {
  const shell_tools tools;
  const auto* const ending =
      GENERATE("true", "mkdir -p a/b; chmod 0 a", "exec 1>&-; kill -KILL $$");
  const auto outcome =
      tools.run(R"sh(printf '["%s","%s","%s","%s"]' "$(pwd)" "$HOME" "$TMPDIR" "$(stat -c %a .)")sh"
                "; touch file; " +
                std::string{ending});
  if (outcome) {
    const auto seen = json::parse(*outcome);
    CHECK(seen[0] == seen[1]);
    CHECK(seen[0] == seen[2]);
    CHECK(seen[3] == "700");
    CHECK_THAT(seen[0].get<std::string>(), Contains(tools.base().string()));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator{tools.base()})
    CHECK((entry.path().filename() == ".lock" || entry.path().parent_path() == tools.base()));
}

TEST_CASE("a tool finds no variable that it was not given, and no open file", "[adapters]") {
  const shell_tools tools{{"PATH=/usr/bin:/bin", "LC_ALL=C", "SECRET=s", "WANTED=w"}};
  const int leaked = open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): on purpose
  auto spec =
      shell_tools::spec_of(R"sh(printf '["%s","%s","%s","%s"]' "$SECRET" "$WANTED" "$LC_ALL" )sh"
                           R"sh("$(ls /proc/self/fd | wc -l)")sh");
  spec.environment = {"WANTED"};
  const auto seen = json::parse(tools.run(spec).value());
  close(leaked);
  CHECK(seen == json{"", "w", "C", "4"});  // three standard ones, and the listing's
}

TEST_CASE("variables are allowed by name and by beginning", "[adapters]") {
  const std::vector<std::string> all{"PATH=p", "PATHS=no", "LC_TIME=t", "OPENAI_API_KEY=no",
                                     "A_1=x",  "A=no"};
  CHECK(allowed_environment(all, {"A_*"}) ==
        std::vector<std::string>{"PATH=p", "LC_TIME=t", "A_1=x"});
}

TEST_CASE("working folders that others hold are not swept", "[adapters]") {
  const temporary_folder base;
  base.write("libagent-work-other/file", "no lock yet");
  base.write("unrelated/file", "x");
  const auto first = work_folders::open(base.path());
  REQUIRE(first);
  const auto folder = (*first)->make();
  REQUIRE(folder);
  const auto second = work_folders::open(base.path());
  REQUIRE(second);
  CHECK(std::filesystem::is_directory(folder->path()));
  CHECK(std::filesystem::exists(base.path() / "libagent-work-other/file"));
  CHECK(std::filesystem::exists(base.path() / "unrelated/file"));
  CHECK((*first)->next_tag() != (*second)->next_tag());
  CHECK((*first)->next_tag() != (*first)->next_tag());
}

TEST_CASE("working folders that nobody holds any more are swept", "[adapters]") {
  const temporary_folder base;
  base.write("libagent-work-dead/.lock", "");
  base.write("libagent-work-dead/x/file", "left over");
  const auto opened = work_folders::open(base.path());
  REQUIRE(opened);
  CHECK_FALSE(std::filesystem::exists(base.path() / "libagent-work-dead"));
}

TEST_CASE("a folder for working folders that does not exist is named", "[adapters]") {
  const auto opened = work_folders::open("/nowhere/at/all");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::io_failed);
  CHECK_THAT(opened.error().context, Contains("/nowhere/at/all"));
}

TEST_CASE("the status of a sandbox says what is in force and what is not", "[adapters]") {
  CHECK(to_string(sandbox_status{.own_folder = true,
                                 .files = true,
                                 .landlock = 7,
                                 .calls = true,
                                 .memory_limit = true,
                                 .processes_by_group = true}) ==
        "own folder, files (Landlock 7), calls (seccomp), memory, processes (control group); "
        "not in force: network");
  CHECK(to_string(sandbox_status{}) ==
        "processes (counted and killed); not in force: own folder, files (Landlock), calls "
        "(seccomp), network, memory");
  const auto here = status_of({.own_folder = false, .restrict_files = false});
  CHECK_FALSE(here.own_folder);
  CHECK_FALSE(here.files);
}
