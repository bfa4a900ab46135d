#include "libagent/adapters/worker_process.hpp"

#include "libagent/adapters/landlock_rules.hpp"
#include "libagent/adapters/worker_server.hpp"

#include "tests/support/fake_tool.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using nlohmann::json;

namespace {

constexpr auto run_patience = 30s;  // only failures take this long
constexpr stop_patience no_hurry{.until_terminate = 20s, .until_kill = 25s};

// ---- The worker's side: this test program starts itself with the tag of the case below.

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

expected<std::string> describe_worker(const std::string&, const tool_context& context) {
  const char* marker = std::getenv("WORKER_MARKER");
  return json{{"pid", getpid()},
              {"session", getsid(0)},
              {"nice", getpriority(PRIO_PROCESS, 0)},
              {"policy", sched_getscheduler(0)},
              {"descriptors", open_descriptors()},
              {"marker", marker == nullptr ? "" : marker},
              {"has_path", std::getenv("PATH") != nullptr},
              {"task", to_string(context.id)}}
      .dump();
}

expected<std::string> misbehave(const std::string& arguments, const tool_context&) {
  const auto how = json::parse(arguments).at("how").get<std::string>();
  std::fprintf(stderr, "about to %s\n", how.c_str());
  if (how == "abort")
    std::abort();
  if (how == "fault")
    std::raise(SIGSEGV);
  if (how == "exit")
    std::_Exit(7);
  if (how == "throw")
    throw std::runtime_error{"unforeseen"};
  if (how == "print")
    std::printf("not a report\n");
  return std::string{"{}"};
}

expected<std::string> work_in_steps(const std::string&, const tool_context& context) {
  context.enter_phase("inference");
  context.progress(0.25, "a quarter");
  context.progress(1, "all");
  return std::string{R"({"done":true})"};
}

/// Ends when it is told to.
expected<std::string> obey_stop(const std::string&, const tool_context& context) {
  context.progress(0, "under way");
  while (!context.stop.stop_requested())
    std::this_thread::yield();
  return error{errc::cancelled, "stopped as told"};
}

/// Ends by a signal only, and with `deaf` by SIGKILL only.
expected<std::string> ignore_stop(const std::string& arguments, const tool_context& context) {
  if (json::parse(arguments).value("deaf", false))
    std::signal(SIGTERM, SIG_IGN);
  context.progress(0, "under way");
  for (;;)
    pause();
}

/// Computes for that long, by the process's own CPU clock.
expected<std::string> compute(const std::string& arguments, const tool_context&) {
  const auto ms = json::parse(arguments).at("ms").get<long>();
  const auto begin = std::clock();
  while ((std::clock() - begin) * 1000 / CLOCKS_PER_SEC < ms) {
  }
  return arguments;
}

/// Starts processes that do nothing until there are that many or none can be started.
expected<std::string> multiply(const std::string& arguments, const tool_context& context) {
  for (int left = json::parse(arguments).at("count"); left > 0; --left) {
    const auto child = fork();
    if (child == 0) {
      setsid();
      for (;;)
        pause();
    }
    if (child < 0)
      return error{errc::overloaded, "fork"};
  }
  while (!context.stop.stop_requested())
    std::this_thread::yield();
  return std::string{"{}"};
}

expected<std::string> allocate(const std::string& arguments, const tool_context&) {
  const std::vector<char> large(json::parse(arguments).at("bytes").get<std::size_t>());
  return "[" + std::to_string(large.size()) + "]";
}

tool_registry worker_tools() {
  tool_registry tools;
  const auto add = [&tools](const char* name, fake_tool::body body) {
    tool_spec spec{.name = name, .description = "For the tests."};
    spec.tool_isolation = isolation::thread;
    REQUIRE(tools.add(std::make_shared<fake_tool>(spec, std::move(body))));
  };
  add("describe", describe_worker);
  add("misbehave", misbehave);
  add("steps", work_in_steps);
  add("obey_stop", obey_stop);
  add("ignore_stop", ignore_stop);
  add("echo", {});
  add("compute", compute);
  add("multiply", multiply);
  add("allocate", allocate);
  add("refuse", [](const std::string&, const tool_context&) -> expected<std::string> {
    return error{errc::overloaded, "too busy", 250ms};
  });
  return tools;
}

// ---- The side that is tested.

std::shared_ptr<worker_processes> open_workers(worker_process_options options = {}) {
  if (options.program.empty())
    options.program = {"/proc/self/exe", "[.worker_process]"};
  options.environment.emplace_back("WORKER_MARKER=here");
  if (!options.on_error_line)
    options.on_error_line = [](const std::string&) {};
  auto opened = worker_processes::open(std::move(options));
  REQUIRE(opened);
  return *opened;
}

worker_process_options shell_worker(const std::string& script) {
  return {.program = {"/bin/sh", "-c", script}};
}

tool_context context_for(std::chrono::milliseconds timeout = run_patience) {
  return {.id = {}, .deadline = std::chrono::steady_clock::now() + timeout, .stop = {}};
}

json describe_from(worker_processes& workers) {
  const auto output = workers.run("describe", "{}", context_for());
  REQUIRE(output);
  return json::parse(*output);
}

/// Runs a tool and asks it to stop at its first progress.
expected<std::string> run_and_stop(worker_processes& workers, const std::string& tool,
                                   const std::string& arguments = "{}") {
  std::stop_source stop;
  auto context = context_for();
  context.stop = stop.get_token();
  context.progress = [&stop](double, const std::string&) { stop.request_stop(); };
  return workers.run(tool, arguments, context);
}

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

TEST_CASE("(the worker process that other cases start)", "[.worker_process]") {
  const auto channel = take_standard_streams();
  REQUIRE(channel);
  for (const int number : {SIGABRT, SIGSEGV, SIGTERM})
    std::signal(number, SIG_DFL);  // the test framework would report them
  std::_Exit(serve_worker(*channel, worker_tools()));
}

TEST_CASE("(the owner of a worker process that one case kills)", "[.worker_owner]") {
  const auto workers = open_workers();
  std::printf("worker %d\n", describe_from(*workers).at("pid").get<int>());
  std::fflush(stdout);
  std::raise(SIGKILL);
}

TEST_CASE("a worker process is warm from the second run on", "[adapters]") {
  const auto workers = open_workers();
  const auto first = describe_from(*workers);
  CHECK(first["pid"] != getpid());
  CHECK(describe_from(*workers)["pid"] == first["pid"]);
  CHECK(workers->counts().started == 1);
  CHECK(workers->counts().runs == 2);
  CHECK(workers->counts().lost == 0);
}

TEST_CASE("a worker process has session, rank, environment and descriptors of its own",
          "[adapters]") {
  const int leaked = open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): on purpose
  const int high = fcntl(leaked, F_DUPFD, 100);
  const auto workers = open_workers({.policy = worker_policy::batch, .nice = 12});
  const auto seen = describe_from(*workers);
  CHECK(seen["session"] == seen["pid"]);
  CHECK(seen["session"] != getsid(0));
  CHECK(seen["nice"] == 12);
  CHECK(seen["policy"] == SCHED_BATCH);
  CHECK(seen["marker"] == "here");
  CHECK(seen["has_path"] == false);
  CHECK(seen["descriptors"] <= 7);  // three standard ones, the channel's two, and the listing's
  CHECK(getpriority(PRIO_PROCESS, 0) != 12);
  close(leaked);
  close(high);
}

TEST_CASE("a worker process runs the task under its id and forwards phases and progress",
          "[adapters]") {
  const auto workers = open_workers();
  auto context = context_for();
  context.id = make_task_id(1'700'000'000'000, 1, 2);
  CHECK(json::parse(workers->run("describe", "{}", context).value())["task"] ==
        to_string(context.id));
  std::vector<std::string> seen;
  context.progress = [&seen](double fraction, const std::string& message) {
    seen.push_back(message + " " + std::to_string(fraction).substr(0, 4));
  };
  context.enter_phase = [&seen](const std::string& phase) { seen.push_back("phase " + phase); };
  CHECK(workers->run("steps", "{}", context).value() == R"({"done":true})");
  CHECK(seen == std::vector<std::string>{"phase inference", "a quarter 0.25", "all 1.00"});
}

TEST_CASE("a tool's own error comes out of a worker process as it was", "[adapters]") {
  const auto workers = open_workers();
  CHECK(workers->run("refuse", "{}", context_for()).error() ==
        error{errc::overloaded, "too busy", 250ms});
  CHECK(workers->run("nonsense", "{}", context_for()).error().code == errc::not_found);
  CHECK(workers->counts().started == 1);
}

TEST_CASE("megabytes go to a worker process and back", "[adapters]") {
  const auto workers = open_workers();
  const auto arguments = json{{"text", std::string(3U << 20U, 'x')}}.dump();
  CHECK(workers->run("echo", arguments, context_for()).value() == arguments);
}

TEST_CASE("arguments over the bound are refused and cost no process", "[adapters]") {
  const auto workers = open_workers();
  const auto pid = describe_from(*workers)["pid"];
  const auto arguments = json{{"text", std::string(worker_line_bytes_max, 'x')}}.dump();
  CHECK(workers->run("echo", arguments, context_for()).error().code == errc::too_large);
  CHECK(describe_from(*workers)["pid"] == pid);
}

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

TEST_CASE("a worker process is confined by default, and says how far", "[adapters]") {
  const auto workers = open_workers();
  const auto here = workers->sandbox();
  CHECK(here.own_folder);
  CHECK(here.landlock == landlock_version());
  CHECK(here.files == (landlock_version() > 0));
  const auto refused = worker_processes::open(
      {.program = {"x"}, .sandbox = {.restrict_calls = false, .network = false}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
}

TEST_CASE("what a tool prints goes to the error lines, not between the reports", "[adapters]") {
  std::vector<std::string> lines;
  const auto workers =
      open_workers({.on_error_line = [&lines](const std::string& line) { lines.push_back(line); }});
  const auto pid = describe_from(*workers)["pid"].dump();
  CHECK(workers->run("misbehave", R"({"how":"print"})", context_for()).value() == "{}");
  CHECK(workers->run("misbehave", R"({"how":"exit"})", context_for()).error().code ==
        errc::crashed);
  const auto printed = [&](const char* text) {
    return std::ranges::count(lines, "worker " + pid + ": " + text) == 1;
  };
  CHECK(printed("about to print"));
  CHECK(printed("not a report"));
  CHECK(printed("about to exit"));
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

TEST_CASE("more runs than processes wait for one another", "[adapters]") {
  const auto workers = open_workers({.count_max = 2});
  std::array<expected<std::string>, 8> outcomes{std::string{}, std::string{}, std::string{},
                                                std::string{}, std::string{}, std::string{},
                                                std::string{}, std::string{}};
  {
    std::vector<std::jthread> callers;
    for (auto& outcome : outcomes)
      callers.emplace_back([&] { outcome = workers->run("steps", "{}", context_for()); });
  }
  CHECK(std::ranges::all_of(outcomes, [](const auto& outcome) { return outcome.has_value(); }));
  CHECK(workers->counts().started <= 2);
}

TEST_CASE("who waits for a worker process can be stopped, and gives up at the deadline",
          "[adapters]") {
  const auto workers = open_workers();
  auto context = context_for();
  std::stop_source stop;
  context.stop = stop.get_token();
  std::vector<error> refusals;
  context.progress = [&](double, const std::string&) {
    // The only process is busy with the run that this belongs to.
    refusals.push_back(workers->run("echo", "{}", context_for(1ms)).error());
    auto stopped = context_for();
    std::stop_source at_once;
    at_once.request_stop();
    stopped.stop = at_once.get_token();
    refusals.push_back(workers->run("echo", "{}", stopped).error());
    stop.request_stop();
  };
  (void)workers->run("obey_stop", "{}", context);
  REQUIRE(refusals.size() == 2);
  CHECK(refusals[0].code == errc::deadline_exceeded);
  CHECK(refusals[1].code == errc::cancelled);
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

TEST_CASE("a worker process is put into its cgroup", "[adapters]") {
  const temporary_folder fake;
  fake.write("cgroup.procs", "");
  const auto workers = open_workers({.cgroup_dir = fake.path().string()});
  const auto pid = describe_from(*workers)["pid"];
  std::ifstream written{fake.path() / "cgroup.procs"};
  int seen = 0;
  written >> seen;
  CHECK(seen == pid);
  std::filesystem::remove(fake.path() / "cgroup.procs");
}

TEST_CASE("options of worker processes that make no sense are refused and named", "[adapters]") {
  const auto refused = [](worker_process_options options) {
    const auto opened = worker_processes::open(std::move(options));
    REQUIRE_FALSE(opened);
    return opened.error().context;
  };
  CHECK_THAT(refused({}), Contains("no program"));
  CHECK_THAT(refused({.program = {"x"}, .count_max = 0}), Contains("is 0, allowed is 1 to 1024"));
  CHECK_THAT(refused({.program = {"x"}, .nice = 20}), Contains("is 20, allowed is 0 to 19"));
  CHECK_THAT(refused({.program = {"x"}, .cgroup_dir = "/nowhere"}),
             Contains("/nowhere/cgroup.procs"));
}

TEST_CASE("a worker program that does not exist is named, and later runs say it too",
          "[adapters]") {
  const auto workers = open_workers({.program = {"/nowhere/agent", "worker"}});
  for (int turn = 0; turn < 2; ++turn) {
    CHECK(workers->run("echo", "{}", context_for()).error() ==
          error{errc::unavailable, "start /nowhere/agent: No such file or directory"});
  }
}

TEST_CASE("a tool in a worker process looks like the tool itself", "[adapters]") {
  tool_spec spec{.name = "describe", .description = "Says where it runs."};
  spec.tool_lane = lane::batch;
  const auto inner = std::make_shared<fake_tool>(spec);
  const auto outer = in_worker_process(inner, open_workers());
  CHECK(outer->spec().name == "describe");
  CHECK(outer->spec().tool_lane == lane::batch);
  CHECK(outer->input_schema() == inner->input_schema());
  CHECK_FALSE(outer->check(R"({"bad":1})"));
  const auto output = outer->run("{}", context_for());
  REQUIRE(output);
  CHECK(json::parse(*output)["pid"] != getpid());
  CHECK(inner->runs() == 0);
}
