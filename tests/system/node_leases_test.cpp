#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// Three real processes on loopback: a, which is asked, and b and c, which have the tool. Leases are
// shorter than the four seconds after which the connection itself would be given up.

using namespace libagent::testing;
using namespace std::chrono_literals;
using nlohmann::json;
using std::chrono::steady_clock;

namespace {

constexpr auto short_lease = "node.lease=1500ms";

/// Asks again and again, each time by a request that waits for its answer.
bool comes_true(const std::function<bool()>& claim) {
  const auto deadline = steady_clock::now() + process_patience;
  while (!claim()) {
    if (steady_clock::now() > deadline)
      return false;
  }
  return true;
}

class leased_nodes {
public:
  std::unique_ptr<served_agent> start(const temporary_folder& home, const std::string& name,
                                      std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--node", name, "--set", short_lease});
    return std::make_unique<served_agent>(home, std::move(flags));
  }

  std::unique_ptr<served_agent> start_runner(const temporary_folder& home,
                                             const std::string& name) {
    const auto where = a->ready().at("listen").get<std::string>();
    return start(home, name, {"--join", where, "--tools", "calculate"});
  }

  json submit() {
    const auto [status, record] =
        a->post("/v1/tasks", {{"tool", "calculate"}, {"arguments", {{"expression", "6*7"}}}});
    CAPTURE(record.dump());
    REQUIRE(status == 202);
    return record;
  }

  json look_up(const std::string& id) { return a->get("/v1/tasks/" + id).second; }

  json look_up_ended(const std::string& id) {
    json record;
    REQUIRE(comes_true([&] {
      record = look_up(id);
      return record.at("state") != "queued" && record.at("state") != "running";
    }));
    return record;
  }

  /// Whether a task that is given out now ends, and at this node.
  bool is_served_by(const std::string& node) {
    const auto record = look_up_ended(submit().at("id"));
    return record.at("state") == "succeeded" && record.at("node") == node;
  }

  /// How often it reported this event so far.
  static std::size_t reports(served_agent& who, const std::string& event) {
    const auto log = who.process().errors();
    std::size_t count = 0;
    for (auto at = log.find(event); at != std::string::npos; at = log.find(event, at + 1))
      ++count;
    return count;
  }

  temporary_folder home_of_a;
  temporary_folder home_of_b;
  temporary_folder home_of_c;
  std::unique_ptr<served_agent> a =
      start(home_of_a, "a", {"--listen", "127.0.0.1:0", "--tools", "current_time"});
  std::unique_ptr<served_agent> b = start_runner(home_of_b, "b");
};

}  // namespace

TEST_CASE_METHOD(leased_nodes, "what a node ran that was stopped is run by another, once") {
  REQUIRE(comes_true(
      [this] { return a->get("/v1/tools").second.dump().find("calculate") != std::string::npos; }));
  const auto c = start_runner(home_of_c, "c");
  REQUIRE(comes_true([this] { return is_served_by("b"); }));
  REQUIRE(comes_true([&c] { return reports(*c, "node.joined") == 1; }));

  // A stopped process takes tasks and cannot finish them.
  b->process().send_signal(SIGSTOP);
  std::vector<std::string> tasks;
  for (int i = 0; i < 8; ++i)
    tasks.push_back(submit().at("id"));
  std::size_t second_runs = 0;
  for (const auto& id : tasks) {
    const auto record = look_up_ended(id);
    CAPTURE(record.dump());
    CHECK(record.at("state") == "succeeded");
    CHECK(record.at("node") == "c");
    if (record.at("attempt") == 2)
      ++second_runs;
  }
  CHECK(second_runs > 0);
  CHECK(reports(*a, "node.lease_lapsed") == 1);

  b->process().send_signal(SIGCONT);
  // It is told, comes back as a new peer, and nothing that it did meanwhile counts.
  REQUIRE(comes_true([this] { return reports(*b, "node.joined") == 2; }));
  CHECK(reports(*b, "node.lease_") > 0);  // lapsed or over: whichever it noticed first
  for (const auto& id : tasks)
    CHECK(look_up(id).at("node") == "c");
  c->process().send_signal(SIGKILL);
  CHECK(comes_true([this] { return is_served_by("b"); }));
}
