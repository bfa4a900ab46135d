#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;

namespace {

void write_bakery(const temporary_folder& home) {
  home.write("notes/ovens.md", "# Ovens\n\nThe tunnel oven bakes bread at 240 degrees.\n");
}

/// A server whose long tools run in worker processes.
served_agent serve_with_workers(const temporary_folder& home) {
  return {home, {"--docs", "notes", "--set", "worker.isolation=processes"}};
}

/// The processes that this one started, by what Linux tells of it.
std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> found;
  const auto root = "/proc/" + std::to_string(process) + "/task";
  for (const auto& thread : std::filesystem::directory_iterator{root}) {
    std::ifstream listed{thread.path() / "children"};
    for (pid_t child = 0; listed >> child;)
      found.push_back(child);
  }
  return found;
}

std::string command_line_of(pid_t process) {
  std::ifstream in{"/proc/" + std::to_string(process) + "/cmdline"};
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool is_gone_within_patience(int pidfd) {
  pollfd polled{.fd = pidfd, .events = POLLIN, .revents = 0};
  const std::chrono::milliseconds limit = process_patience;
  return pidfd < 0 || poll(&polled, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

TEST_CASE("long tools run in a worker process when that is configured", "[system]") {
  const temporary_folder home;
  write_bakery(home);
  auto server = serve_with_workers(home);
  const auto [status, answer] =
      server.run("summarize", {{"text", "Bread rises. Ovens bake. Bread sells well."}});
  INFO(answer.dump());
  REQUIRE(status == 200);
  CHECK(answer["state"] == "succeeded");
  const auto workers = children_of(server.process().pid());
  REQUIRE_FALSE(workers.empty());
  CHECK_THAT(command_line_of(workers.front()), Contains("worker"));
  CHECK(getsid(workers.front()) == workers.front());
}

TEST_CASE("a worker process that is killed between two runs costs nothing", "[system]") {
  const temporary_folder home;
  write_bakery(home);
  auto server = serve_with_workers(home);
  const nlohmann::json text{{"text", "Bread rises. Ovens bake."}};
  REQUIRE(server.run("summarize", text).first == 200);
  for (const auto worker : children_of(server.process().pid())) {
    const auto watched = static_cast<int>(syscall(SYS_pidfd_open, worker, 0));
    kill(worker, SIGKILL);
    CHECK(is_gone_within_patience(watched));
    close(watched);
  }
  const nlohmann::json other{{"text", "Bread sells well. Ovens cool."}};
  const auto [status, answer] = server.run("summarize", other);
  INFO(answer.dump());
  CHECK(status == 200);
  CHECK(answer["state"] == "succeeded");
}

TEST_CASE("worker processes die with a server that is killed", "[system]") {
  const temporary_folder home;
  write_bakery(home);
  auto server = serve_with_workers(home);
  REQUIRE(server.run("summarize", {{"text", "Bread rises. Ovens bake."}}).first == 200);
  const auto workers = children_of(server.process().pid());
  REQUIRE_FALSE(workers.empty());
  const auto watched = static_cast<int>(syscall(SYS_pidfd_open, workers.front(), 0));
  server.process().send_signal(SIGKILL);
  CHECK(is_gone_within_patience(watched));
  close(watched);
}
