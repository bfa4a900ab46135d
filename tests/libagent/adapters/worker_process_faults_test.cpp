#include "libagent/adapters/worker_process.hpp"

#include "tests/support/worker_rig.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using nlohmann::json;

namespace {

/// Waits until a process, any process, is gone.
bool ends(pid_t process) {
  const auto watched = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (watched < 0)
    return true;
  pollfd polled{.fd = watched, .events = POLLIN, .revents = 0};
  const bool gone = poll(&polled, 1, 20'000) == 1;
  close(watched);
  return gone;
}

}  // namespace

TEST_CASE("a crash fails its run with how the process ended, and the next run gets a fresh one",
          "[adapters]") {
  const auto workers = open_workers();
  const auto first = describe_from(*workers)["pid"];
  const auto [how, end] =
      GENERATE(table<const char*, const char*>({{"abort", "ended by SIGABRT"},
                                                {"fault", "ended by SIGSEGV"},
                                                {"exit", "ended with exit code 7"},
                                                {"throw", "ended by SIGABRT"}}));
  const auto failed = workers->run("misbehave", json{{"how", how}}.dump(), context_for());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::crashed);
  CHECK_THAT(failed.error().context,
             StartsWith("run misbehave: worker process " + first.dump() + " " + end));
  if (std::string_view{how} != "throw")  // there the runtime has the last word
    CHECK_THAT(failed.error().context, Contains(std::string{"it last said \"about to "} + how));
  CHECK(describe_from(*workers)["pid"] != first);
  CHECK(workers->counts().lost == 1);
}

TEST_CASE("a worker process may take its CPU time in each run anew", "[adapters]") {
  const auto workers = open_workers({.limits = {.cpu_time = 1s}});
  const auto first = describe_from(*workers)["pid"];
  for (int run = 0; run < 3; ++run)
    CHECK(workers->run("compute", R"({"ms":600})", context_for()));
  CHECK(describe_from(*workers)["pid"] == first);
  const auto failed = workers->run("compute", R"({"ms":60000})", context_for());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::crashed);
  CHECK_THAT(failed.error().context, Contains("ended by SIGXCPU, its CPU time was limited to 1 s"));
}

TEST_CASE("a worker process that takes too much memory crashes, and says why", "[adapters]") {
  if (!memory_limit_works()) {
    WARN("programs built with a sanitizer cannot have a memory limit");
    return;
  }
  const auto workers = open_workers({.limits = {.memory_bytes = 512U << 20U}});
  CHECK(workers->run("allocate", R"({"bytes":100000000})", context_for()).value() == "[100000000]");
  const auto failed = workers->run("allocate", R"({"bytes":1000000000})", context_for());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::crashed);
  CHECK_THAT(failed.error().context,
             Contains("ended by SIGABRT, its memory was limited to 512 MiB") &&
                 Contains("its memory peaked at"));
}

TEST_CASE("a worker process that starts too many others is killed with all of them", "[adapters]") {
  const auto workers =
      open_workers({.limits = {.processes = 20}, .sandbox = {.control_group = false}});
  const auto failed = workers->run("multiply", R"({"count":200})", context_for());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::crashed);
  CHECK_THAT(failed.error().context, Contains("was killed: it had more than 20 processes"));
  CHECK(workers->counts().lost == 1);
  CHECK(workers->run("echo", "{}", context_for()));
}

TEST_CASE("a worker process that is killed while idle is replaced unnoticed", "[adapters]") {
  const auto workers = open_workers();
  const auto first = describe_from(*workers)["pid"].get<pid_t>();
  kill(first, SIGKILL);
  // The child is ours and not reaped yet, so its end can be waited for without reaping it.
  siginfo_t info{};
  REQUIRE(waitid(P_PID, static_cast<id_t>(first), &info, WEXITED | WNOWAIT) == 0);
  CHECK(describe_from(*workers)["pid"] != first);
  CHECK(workers->counts().lost == 1);
}

TEST_CASE("a run that stops as told keeps its process", "[adapters]") {
  const auto workers = open_workers({.patience = no_hurry});
  const auto first = describe_from(*workers)["pid"];
  CHECK(run_and_stop(*workers, "obey_stop").error() == error{errc::cancelled, "stopped as told"});
  CHECK(describe_from(*workers)["pid"] == first);
}

TEST_CASE("a run that ignores its stop loses its process, first to SIGTERM then to SIGKILL",
          "[adapters]") {
  const auto [arguments, signal] = GENERATE(table<const char*, const char*>(
      {{R"({"deaf":false})", "SIGTERM"}, {R"({"deaf":true})", "SIGKILL"}}));
  const auto workers = open_workers();
  const auto failed = run_and_stop(*workers, "ignore_stop", arguments);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::cancelled);
  CHECK_THAT(failed.error().context,
             Contains(std::string{"ended by "} + signal + " after it was asked to stop"));
  CHECK(workers->counts().lost == 1);
}

TEST_CASE("a run that passes its deadline ends, and says so", "[adapters]") {
  const auto patient = open_workers({.patience = no_hurry});
  CHECK(patient->run("obey_stop", "{}", context_for(50ms)).error().code == errc::cancelled);
  const auto workers = open_workers();
  const auto failed = workers->run("ignore_stop", "{}", context_for(50ms));
  CHECK(failed.error().code == errc::deadline_exceeded);
  CHECK_THAT(failed.error().context, Contains("after its deadline"));
}

TEST_CASE("a process that answers nonsense is killed, and the answer is shown", "[adapters]") {
  const auto [answer, shown] = GENERATE(table<const char*, const char*>(
      {{"hello there", "hello there"},
       {R"({"run":2,"result":{}})", R"({\"run\":2)"},  // there was no second run
       {R"({"result":{}})", "result"}}));
  const auto workers =
      open_workers(shell_worker(std::string{"read line; echo '"} + answer + "'; read line"));
  const auto failed = workers->run("echo", "{}", context_for());
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::tool_failed);
  CHECK_THAT(failed.error().context, Contains("answered what is no report: "));
  CAPTURE(failed.error().context);
  CHECK(workers->counts().lost == 1);
}

TEST_CASE("a process that answers a line without end is killed at the bound", "[adapters]") {
  const auto workers = open_workers(
      {.program = {"/bin/sh", "-c", "/usr/bin/head -c 20000000 /dev/zero; read a; read b"}});
  const auto failed = workers->run("echo", "{}", context_for());
  CHECK(failed.error().code == errc::tool_failed);
  CHECK_THAT(failed.error().context, Contains("a line of over 16 MiB"));
}

TEST_CASE("a process that neither reads nor answers is killed at the deadline", "[adapters]") {
  const auto workers = open_workers(shell_worker("trap '' TERM; kill -STOP $$"));
  const auto arguments = json{{"text", std::string(1U << 20U, 'x')}}.dump();
  const auto failed = workers->run("echo", arguments, context_for(50ms));
  CHECK(failed.error().code == errc::deadline_exceeded);
  CHECK_THAT(failed.error().context, Contains("ended by SIGKILL"));
}

TEST_CASE("a process that answers and ends has answered", "[adapters]") {
  const auto workers = open_workers(shell_worker(R"(read line; echo '{"run":1,"result":[1]}')"));
  CHECK(workers->run("echo", "{}", context_for()).value() == "[1]");
}

TEST_CASE("error lines are cut and counted", "[adapters]") {
  std::vector<std::string> lines;
  auto options = shell_worker(
      "read line; /usr/bin/head -c 3000 /dev/zero >&2; i=0; echo >&2; "
      "while [ $i -lt 1100 ]; do echo $i >&2; i=$((i+1)); done; exit 4");
  options.on_error_line = [&lines](const std::string& line) { lines.push_back(line); };
  const auto workers = open_workers(std::move(options));
  const auto failed = workers->run("echo", "{}", context_for());
  CHECK_THAT(failed.error().context, Contains("exit code 4; it last said \"1099\""));
  CHECK(lines.size() == 1001);
  CHECK(std::ranges::all_of(lines, [](const auto& line) { return line.size() < 1100; }));
  CHECK_THAT(lines.back(), Contains("more lines are not shown"));
}

TEST_CASE("worker processes and what they started end with their owner", "[adapters]") {
  auto workers = open_workers();
  const auto pid = describe_from(*workers)["pid"].get<pid_t>();
  workers.reset();
  CHECK(kill(pid, 0) == -1);
}

TEST_CASE("worker processes end with an owner that is killed", "[adapters]") {
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  auto* owner = popen(("'" + self + "' '[.worker_owner]'").c_str(), "r");
  REQUIRE(owner != nullptr);
  pid_t pid = 0;
  std::array<char, 256> line{};
  while (pid == 0 && std::fgets(line.data(), static_cast<int>(line.size()), owner) != nullptr)
    pid = static_cast<pid_t>(std::string_view{line.data()}.starts_with("worker ")
                                 ? std::strtol(line.data() + 7, nullptr, 10)
                                 : 0);
  pclose(owner);
  REQUIRE(pid > 0);
  CHECK(ends(pid));
}
