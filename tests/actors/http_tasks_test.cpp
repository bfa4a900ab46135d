// What the REST interface says of tasks and schedules that are kept in a journal.

#include "tests/actors/api_fixture.hpp"
#include "tests/support/fake_journal.hpp"

using namespace libagent;
using namespace libagent::actors;
using namespace libagent::testing;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

class kept_api_fixture : public api_fixture {
public:
  kept_api_fixture() : api_fixture{std::make_shared<fake_journal>()} {}

  /// Submits without waiting; returns the id.
  std::string submit(const std::string& tool, int value) {
    const auto accepted =
        call("POST", "/v1/tasks",
             R"({"tool":")" + tool + R"(","arguments":{"value":)" + std::to_string(value) + "}}");
    REQUIRE(status() == 202);
    return accepted["id"];
  }

  std::string message_of(std::string method, const std::string& path, std::string body = {}) {
    return call(std::move(method), path, std::move(body))["error"]["message"];
  }
};

constexpr const char* doubled = R"({"tool":"double","arguments":{"value":4}})";

}  // namespace

TEST_CASE_METHOD(kept_api_fixture, "the same key with the same body is the same task",
                 "[gateway]") {
  headers.add("Idempotency-Key", "order 17");
  const auto first = call("POST", "/v1/tasks", doubled);
  CHECK(status() == 202);
  CHECK(first["key"] == "order 17");
  const auto again = call("POST", "/v1/tasks", R"({"arguments":{"value":4.0},"tool":"double"})");
  CHECK(status() == 202);
  CHECK(again["id"] == first["id"]);
  CHECK(again["state"] == "succeeded");
  const auto waited =
      call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":4},"wait":true})");
  CHECK(status() == 200);
  CHECK(waited["id"] == first["id"]);
  CHECK(waited["result"]["value"] == 8);
}

TEST_CASE_METHOD(kept_api_fixture, "the same key with another body is refused with 422",
                 "[gateway]") {
  headers.add("Idempotency-Key", "k");
  const auto first = call("POST", "/v1/tasks", doubled);
  const auto other = call("POST", "/v1/tasks", R"({"tool":"double","arguments":{"value":5}})");
  CHECK(status() == 422);
  CHECK(other["error"]["code"] == "key_reused");
  CHECK_THAT(other["error"]["message"].get<std::string>(),
             Contains(first["id"].get<std::string>()));
}

TEST_CASE_METHOD(kept_api_fixture, "a key holds for questions to agents, too", "[gateway]") {
  headers.add("Idempotency-Key", "q");
  const auto ask = [this](const char* body) {
    (void)call("POST", "/v1/agents/parrot/ask", body);
    return std::string{last->response->headers.find("X-Task-Id").value_or("none")};
  };
  const auto first = ask(R"({"question":"hello"})");
  CHECK(ask(R"({"question":"hello"})") == first);
  CHECK(ask(R"({"question":"bye"})") == "none");
  CHECK(status() == 422);
}

TEST_CASE_METHOD(kept_api_fixture, "a bad key is refused before anything is accepted",
                 "[gateway]") {
  headers.add("Idempotency-Key", "caf\xc3\xa9");
  CHECK_THAT(message_of("POST", "/v1/tasks", doubled), Contains("Idempotency-Key"));
  CHECK(status() == 400);
  CHECK(call("GET", "/v1/tasks")["data"].empty());
}

TEST_CASE_METHOD(kept_api_fixture, "a trace goes into the record, a malformed one does not",
                 "[gateway]") {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  headers.add("traceparent", trace);
  CHECK(call("POST", "/v1/tasks", doubled)["trace"] == trace);
  headers.set("traceparent", "00-4bf9-00f0-01");
  CHECK(call("POST", "/v1/tasks", doubled)["trace"] == "");
  CHECK(status() == 202);
}

TEST_CASE_METHOD(kept_api_fixture,
                 "a client that leaves takes its task with it unless it has a key", "[gateway]") {
  const std::string body = R"({"tool":"crunch","arguments":{"value":1},"wait":true})";
  const auto state = [this] { return call("GET", "/v1/tasks")["data"][0]["state"]; };
  send("POST", "/v1/tasks", body)->disconnect();
  run();
  CHECK(state() == "cancelled");
  headers.add("Idempotency-Key", "k");
  send("POST", "/v1/tasks", body)->disconnect();
  run();
  CHECK(state() == "queued");
}

TEST_CASE_METHOD(kept_api_fixture, "tasks are listed by state, target and number", "[gateway]") {
  const auto doubled_id = submit("double", 1);
  const auto first = submit("crunch", 1);
  const auto second = submit("crunch", 2);
  (void)call("DELETE", "/v1/tasks/" + first);
  const auto ids = [this](const std::string& query) {
    std::vector<std::string> found;
    const auto listed = call("GET", "/v1/tasks?" + query);
    for (const auto& task : listed["data"])
      found.push_back(task["id"]);
    return found;
  };
  CHECK(ids("state=queued,succeeded") == std::vector{second, doubled_id});
  CHECK(ids("target=crunch") == std::vector{second, first});
  CHECK(ids("target=crunch&limit=1") == std::vector{second});
  CHECK(ids("before=" + std::to_string(unix_now() + 1)) == std::vector{first, doubled_id});
  CHECK(ids("before=0").empty());
}

TEST_CASE_METHOD(kept_api_fixture, "a query that means nothing is named", "[gateway]") {
  CHECK_THAT(message_of("GET", "/v1/tasks?state=ded"), Contains("dead"));
  CHECK(status() == 400);
  CHECK_THAT(message_of("GET", "/v1/tasks?stat=dead"), Contains("did you mean \"state\""));
  CHECK_THAT(message_of("GET", "/v1/tasks?limit=0"), Contains("from 1 to 1000"));
}

TEST_CASE_METHOD(api_fixture, "a node without a journal lists the tasks that it remembers",
                 "[gateway]") {
  (void)call("POST", "/v1/tasks", doubled);
  (void)call("POST", "/v1/tasks", R"({"tool":"crunch","arguments":{"value":1}})");
  const auto found = call("GET", "/v1/tasks?state=succeeded")["data"];
  REQUIRE(found.size() == 1);
  CHECK(found[0]["target"] == "double");
  const auto id = found[0]["id"].get<std::string>();
  (void)call("POST", "/v1/tasks/" + id + "/retry");
  CHECK(status() == 501);
  CHECK_FALSE(call("GET", "/v1/status").contains("journal"));
}

TEST_CASE_METHOD(kept_api_fixture, "an ended task is run again by hand, one that has not is not",
                 "[gateway]") {
  const auto id = submit("crunch", 1);
  CHECK_THAT(message_of("POST", "/v1/tasks/" + id + "/retry"), Contains("ended"));
  CHECK(status() == 400);
  (void)call("DELETE", "/v1/tasks/" + id);
  const auto again = call("POST", "/v1/tasks/" + id + "/retry");
  CHECK(status() == 202);
  CHECK(again["id"] == id);
  CHECK(again["state"] == "queued");
}

TEST_CASE_METHOD(kept_api_fixture, "an ended task is purged, and then nobody knows it",
                 "[gateway]") {
  const auto id = submit("crunch", 1);
  (void)call("POST", "/v1/tasks/" + id + "/purge");
  CHECK(status() == 400);
  (void)call("DELETE", "/v1/tasks/" + id);
  (void)call("POST", "/v1/tasks/" + id + "/purge");
  CHECK(status() == 204);
  CHECK(last->response->body.empty());
  (void)call("GET", "/v1/tasks/" + id);
  CHECK(status() == 404);
  (void)call("POST", "/v1/tasks/nonsense/purge");
  CHECK(status() == 400);
}

TEST_CASE_METHOD(kept_api_fixture, "a schedule is made, shown, runs its task, and is removed",
                 "[gateway]") {
  const auto made = call("POST", "/v1/schedules",
                         R"({"name":"nightly","cron":"*/5 * * * *",
                             "task":{"tool":"double","arguments":{"value":21}}})");
  REQUIRE(status() == 201);
  const auto path = "/v1/schedules/" + made["id"].get<std::string>();
  CHECK(last->response->headers.find("Location") == path);
  CHECK(made["task"] == nlohmann::json{{"tool", "double"}, {"arguments", {{"value", 21}}}});
  CHECK(made["next_due"].get<unix_millis>() % 300'000 == 0);
  CHECK_THAT(made["next_due_utc"].get<std::string>(), Contains(":00Z"));
  CHECK_FALSE(made.contains("last_task"));

  advance(5min + 1s);
  const auto shown = call("GET", path);
  CHECK(shown["runs"] == 1);
  const auto task = call("GET", "/v1/tasks/" + shown["last_task"].get<std::string>());
  CHECK(task["result"]["value"] == 42);

  CHECK(call("GET", "/v1/schedules")["data"][0]["name"] == "nightly");
  CHECK(call("DELETE", path)["id"] == made["id"]);
  CHECK(call("GET", "/v1/schedules")["data"].empty());
  (void)call("GET", path);
  CHECK(status() == 404);
  (void)call("DELETE", path);
  CHECK(status() == 404);
}

TEST_CASE_METHOD(kept_api_fixture, "a schedule that makes no sense is refused with its path",
                 "[gateway]") {
  const std::string task = R"("task":{"tool":"double","arguments":{"value":1}})";
  CHECK_THAT(message_of("POST", "/v1/schedules", "{" + task + "}"), Contains("exactly one of"));
  CHECK(status() == 400);
  CHECK_THAT(message_of("POST", "/v1/schedules", R"({"cron":"61 * * * *",)" + task + "}"),
             Contains("minute"));
  CHECK_THAT(message_of("POST", "/v1/schedules", R"({"after_ms":5,"task":{}})"),
             Contains("/task/tool"));
  CHECK_THAT(message_of("POST", "/v1/schedules", R"({"after_ms":5,"task":{"tool":"dubble"}})"),
             Contains("double"));
  CHECK(status() == 404);
}

TEST_CASE_METHOD(kept_api_fixture, "status and metrics tell of the journal", "[gateway]") {
  (void)submit("crunch", 1);
  CHECK(call("GET", "/v1/status")["journal"]["tasks"] == 1);
  (void)send("GET", "/metrics");
  CHECK_THAT(last->response->body, Contains("agent_journal_tasks 1\n"));
  CHECK_THAT(last->response->body, Contains("agent_journal_commit_seconds_total 0.000000\n"));
}
