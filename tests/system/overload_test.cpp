// What a real server says of its load, and to clients that ask for too much.

#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;

TEST_CASE("top prints one page of a running server, and its status as JSON", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", "."}};
  CHECK(server.run("calculate", {{"expression", "6*7"}}).first == 200);
  const auto page = run_agent(home, {"top", "--once", "--server", server.url("")});
  CHECK(page.code == 0);
  CHECK_THAT(page.output, Contains("interactive") && Contains("batch") && Contains("calculate"));
  const auto printed = run_agent(home, {"top", "--once", "--json", "--server", server.url("")});
  const auto status = nlohmann::json::parse(printed.output);
  CHECK(status["dispatcher"]["succeeded"].get<int>() >= 1);
  CHECK(status["memory"]["level"] == "normal");
}

TEST_CASE("top without a server says where it looked", "[system]") {
  const temporary_folder home;
  const auto page = run_agent(home, {"top", "--once", "--server", "http://127.0.0.1:1"});
  CHECK(page.code == 1);
  CHECK_THAT(page.errors, Contains("127.0.0.1:1"));
}

TEST_CASE("bad weights of clients are refused at the start, by name", "[system]") {
  const temporary_folder home;
  const auto refused =
      run_agent(home, {"serve", "--port", "0", "--set", "tasks.client-weights=alice=lots"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.errors, Contains("tasks.client-weights") && Contains("alice"));
}
