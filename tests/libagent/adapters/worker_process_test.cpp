#include "libagent/adapters/worker_process.hpp"

#include "libagent/adapters/landlock_rules.hpp"

#include "tests/support/fake_tool.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/worker_rig.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sched.h>
#include <stop_token>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;
using nlohmann::json;

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
