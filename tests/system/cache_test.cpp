#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

// The cache of the real program: what it says of itself, and what survives a kill.

using namespace libagent::testing;
using nlohmann::json;
using std::chrono::steady_clock;

namespace {

std::unique_ptr<served_agent> start_server(const temporary_folder& home,
                                           std::vector<std::string> flags = {}) {
  flags.insert(flags.end(), {"--set", "cache.disk=1MiB", "--tools", "calculate"});
  return std::make_unique<served_agent>(home, std::move(flags));
}

/// A counter of /metrics, or -1 when it is not there.
double counter(served_agent& agent, const std::string& name) {
  const auto page = agent.get_text("/metrics");
  const auto at = page.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 2));
}

bool reaches(served_agent& agent, const std::string& name, double wanted) {
  const auto deadline = steady_clock::now() + process_patience;
  while (counter(agent, name) < wanted) {
    if (steady_clock::now() > deadline)
      return false;
  }
  return true;
}

const json product{{"expression", "6*7"}};

}  // namespace

TEST_CASE("an answer in the cache's second level survives kill -9") {
  const temporary_folder home;
  {
    auto agent = start_server(home);
    REQUIRE(agent->run("calculate", product).first == 200);
    REQUIRE(reaches(*agent, "agent_cache_disk_entries", 1));
    agent->process().send_signal(SIGKILL);
    REQUIRE(agent->process().wait(process_patience).has_value());
  }
  auto agent = start_server(home);
  const auto [status, record] = agent->run("calculate", product);
  CHECK(status == 200);
  CHECK(record.at("result").dump().find("42") != std::string::npos);
  CHECK(counter(*agent, R"(agent_cache_requests_total{result="disk_hit"})") == 1);
}

TEST_CASE("a second level whose file is garbage is put aside, and the server serves") {
  const temporary_folder home;
  std::filesystem::path file;
  {
    auto agent = start_server(home);
    REQUIRE(agent->run("calculate", product).first == 200);
    REQUIRE(reaches(*agent, "agent_cache_disk_entries", 1));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator{home.path()}) {
    if (entry.path().filename() == "cache.sqlite")
      file = entry.path();
  }
  REQUIRE_FALSE(file.empty());
  std::ofstream{file, std::ios::binary | std::ios::trunc} << std::string(100'000, 'x');
  auto agent = start_server(home);
  const auto [status, record] = agent->run("calculate", product);
  CHECK(status == 200);
  CHECK(record.at("state") == "succeeded");
}

TEST_CASE("a cache of several shards serves and adds its counters up") {
  const temporary_folder home;
  auto agent = start_server(home, {"--set", "cache.shards=3"});
  REQUIRE(agent->run("calculate", product).first == 200);
  CHECK(counter(*agent, R"(agent_cache_requests_total{result="miss"})") == 1);
  CHECK(reaches(*agent, "agent_cache_entries", 1));
}
