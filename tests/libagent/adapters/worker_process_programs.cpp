// What this test program is when the cases of worker processes start it: see their tags.

#include "libagent/adapters/worker_server.hpp"

#include "tests/support/fake_tool.hpp"
#include "tests/support/worker_rig.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <memory>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

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
