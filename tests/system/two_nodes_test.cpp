#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

// Two real processes on loopback: a, which listens, and b, which joins it and alone has the tool
// `calculate`.

using namespace libagent::testing;
using namespace std::chrono_literals;
using nlohmann::json;
using std::chrono::steady_clock;

namespace {

/// Asks again and again, each time by a request that waits for its answer.
bool eventually(const std::function<bool()>& claim) {
  const auto deadline = steady_clock::now() + process_patience;
  while (!claim()) {
    if (steady_clock::now() > deadline)
      return false;
  }
  return true;
}

bool offers(served_agent& node, const std::string& tool) {
  return node.get("/v1/tools").second.dump().find('"' + tool + '"') != std::string::npos;
}

/// Whether one of its tasks for this tool is in this state.
bool has_task(served_agent& node, const std::string& tool, const std::string& state) {
  const auto tasks = node.get("/v1/tasks").second;
  for (const auto& task : tasks.at("data")) {
    if (task.at("target") == tool && task.at("state") == state)
      return true;
  }
  return false;
}

class two_nodes {
public:
  std::unique_ptr<served_agent> start_a(const std::string& listen) {
    return std::make_unique<served_agent>(
        home_of_a,
        std::vector<std::string>{"--node", "a", "--listen", listen, "--tools", "current_time"});
  }

  std::unique_ptr<served_agent> start_b() {
    return std::make_unique<served_agent>(
        home_of_b,
        std::vector<std::string>{"--node", "b", "--join", address_of_a(), "--tools", "calculate"});
  }

  [[nodiscard]] std::string address_of_a() const { return a->ready().at("listen"); }

  temporary_folder home_of_a;
  temporary_folder home_of_b;
  std::unique_ptr<served_agent> a = start_a("127.0.0.1:0");
  std::unique_ptr<served_agent> b = start_b();
};

const json sum{{"expression", "6*7"}};

}  // namespace

TEST_CASE_METHOD(two_nodes, "a task asked of one node runs on the node that has its tool") {
  REQUIRE(eventually([this] { return offers(*a, "calculate"); }));
  const auto [status, record] = a->run("calculate", sum);
  CAPTURE(record.dump());
  CHECK(status == 200);
  CHECK(record.at("state") == "succeeded");
  CHECK(record.at("node") == "b");
  CHECK(record.at("result").dump().find("42") != std::string::npos);
}

TEST_CASE_METHOD(two_nodes, "tools are offered both ways") {
  REQUIRE(eventually([this] { return offers(*b, "current_time"); }));
  const auto [status, record] = b->run("current_time", json::object());
  CAPTURE(record.dump());
  CHECK(status == 200);
  CHECK(record.at("node") == "a");
}

TEST_CASE_METHOD(two_nodes, "what a node refuses comes back as the error that it gave") {
  REQUIRE(eventually([this] { return offers(*a, "calculate"); }));
  const auto [status, body] = a->run("calculate", {{"expression", 42}});
  CAPTURE(body.dump());
  CHECK(status == 400);
  CHECK(body.at("error").at("message").get<std::string>().find("/expression") != std::string::npos);
}

TEST_CASE_METHOD(two_nodes, "killing a node in the middle of a task gives a clear error at once") {
  REQUIRE(eventually([this] { return offers(*a, "calculate"); }));
  // A stopped process takes the task and cannot finish it, however fast the tool is.
  b->process().send_signal(SIGSTOP);
  auto caller = std::async(std::launch::async, [this] { return a->run("calculate", sum); });
  REQUIRE(eventually([this] { return has_task(*a, "calculate", "running"); }));
  const auto killed = steady_clock::now();
  b->process().send_signal(SIGKILL);
  const auto [status, body] = caller.get();
  const auto waited = steady_clock::now() - killed;
  CAPTURE(body.dump());
  CHECK(waited < 1s);
  CHECK(status == 503);
  CHECK(body.at("error").at("message").get<std::string>().find("node b") != std::string::npos);

  // The other node goes on, and knows what it can do now and what not.
  CHECK(a->run("current_time", json::object()).first == 200);
  CHECK_FALSE(offers(*a, "calculate"));
  CHECK(a->run("calculate", sum).first == 404);
}

TEST_CASE_METHOD(two_nodes, "a node that is started again joins again and works") {
  REQUIRE(eventually([this] { return offers(*a, "calculate"); }));
  b->process().send_signal(SIGKILL);
  REQUIRE(eventually([this] { return !offers(*a, "calculate"); }));
  b = start_b();
  REQUIRE(eventually([this] { return offers(*a, "calculate"); }));
  CHECK(a->run("calculate", sum).first == 200);
}

TEST_CASE_METHOD(two_nodes, "a node that finds its peer gone keeps trying until it is back") {
  REQUIRE(eventually([this] { return offers(*b, "current_time"); }));
  const auto address = address_of_a();
  a->process().send_signal(SIGKILL);
  REQUIRE(a->process().wait(process_patience).has_value());
  REQUIRE(eventually([this] { return !offers(*b, "current_time"); }));
  a = start_a(address);
  REQUIRE(eventually([this] { return offers(*b, "current_time"); }));
  CHECK(b->run("current_time", json::object()).first == 200);
}

TEST_CASE("a node refuses to listen beyond this machine as long as there is no TLS") {
  const temporary_folder home;
  const auto ended = run_agent(home, {"serve", "--port", "0", "--listen", "0.0.0.0:0"});
  CHECK(ended.code != 0);
  CHECK_THAT(ended.errors, Catch::Contains("0.0.0.0:0") && Catch::Contains("TLS"));
}
