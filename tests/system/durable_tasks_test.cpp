// Tasks and schedules that outlive the process, with the real program.

#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>
#include <vector>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;
using nlohmann::json;

namespace {

/// A program as a tool, which dies by a signal.
void write_dying_tool(const temporary_folder& home) {
  home.write("tools/die.sh", "kill -SEGV $$\n");
  home.write("tools/die.json", json{{"name", "die"},
                                    {"description", "A tool of a test."},
                                    {"command", {"/bin/sh", "./die.sh"}},
                                    {"input_schema", {{"type", "object"}}},
                                    {"output_schema", {{"type", "object"}}},
                                    {"lane", "batch"},
                                    {"effects", "idempotent"},
                                    {"timeout_ms", 60'000}}
                                   .dump());
}

std::vector<std::string> serve_flags() {
  return {"--docs", ".", "--set", "tools.external=tools"};
}

/// Follows a task to its end.
json await_end(served_agent& server, const std::string& id) {
  http_client client;
  const auto streamed =
      client.stream({.url = server.url("/v1/tasks/" + id + "/events"), .timeout = process_patience},
                    [](std::string_view) { return true; });
  REQUIRE(streamed);
  return server.get("/v1/tasks/" + id).second;
}

std::string slow_text() {
  std::string text;
  for (int i = 0; text.size() < 900'000; ++i) {
    text += "Sentence " + std::to_string(i) + " tells of topic " + std::to_string(i % 97) +
            " and of item " + std::to_string(i % 31) + ". ";
  }
  return text;
}

json submission(const std::string& tool, const json& arguments) {
  return {{"tool", tool}, {"arguments", arguments}};
}

void kill_now(served_agent& server) {
  server.process().send_signal(SIGKILL);
  REQUIRE(server.process().wait(process_patience));
}

std::string post_with_key(served_agent& server, const std::string& key, const json& body,
                          int status) {
  const auto answer = http_client{}.send({.method = "POST",
                                          .url = server.url("/v1/tasks"),
                                          .headers = {{"Content-Type", "application/json"},
                                                      {"Idempotency-Key", key},
                                                      {"X-Client-Id", "shop"}},
                                          .body = body.dump()});
  REQUIRE(answer);
  CHECK(answer->status == status);
  return json::parse(answer->body).value("id", "");
}

std::string server_of(const served_agent& server) {
  return server.url("");
}

}  // namespace

TEST_CASE("an accepted task ends although the process was killed before", "[system]") {
  const temporary_folder home;
  std::string id;
  {
    served_agent server{home, {"--docs", "."}};
    const auto [status, task] =
        server.post("/v1/tasks", submission("summarize", {{"text", slow_text()}}));
    REQUIRE(status == 202);
    id = task["id"];
    kill_now(server);
  }
  served_agent server{home, {"--docs", "."}};
  const auto ended = await_end(server, id);
  CHECK(ended["state"] == "succeeded");
  CHECK(ended["attempt"].get<int>() >= 1);
}

TEST_CASE("the same idempotency key is the same task, also after a restart", "[system]") {
  const temporary_folder home;
  const auto body = submission("calculate", {{"expression", "6*7"}});
  std::string id;
  {
    served_agent server{home, {"--docs", "."}};
    id = post_with_key(server, "order-17", body, 202);
    CHECK(post_with_key(server, "order-17", body, 202) == id);
    kill_now(server);
  }
  served_agent server{home, {"--docs", "."}};
  CHECK(post_with_key(server, "order-17", body, 202) == id);
  CHECK(await_end(server, id)["result"]["value"] == 42);
  (void)post_with_key(server, "order-17", submission("calculate", {{"expression", "6*8"}}), 422);
}

TEST_CASE("a failed task is listed, shown, run again and purged from the command line",
          "[system]") {
  const temporary_folder home;
  write_dying_tool(home);
  served_agent server{home, serve_flags()};
  const auto url = server_of(server);
  const std::string id = server.post("/v1/tasks", submission("die", json::object())).second["id"];
  const auto ended = await_end(server, id);
  const std::string state = ended["state"];
  REQUIRE((state == "failed" || state == "dead"));

  const auto listed = run_agent(home, {"tasks", "list", "--state", "dead,failed", "--server", url});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.output, Contains("REMARK") && Contains(id) && Contains("die"));
  const auto shown = run_agent(home, {"tasks", "show", id, "--server", url});
  CHECK_THAT(shown.output, Contains("state      " + state) && Contains("error      "));
  const auto as_json = run_agent(home, {"tasks", "show", id, "--json", "--server", url});
  CHECK(json::parse(as_json.output)["error"] == ended["error"]);

  const auto retried = run_agent(home, {"tasks", "retry", id, "--server", url});
  INFO(retried.errors);
  CHECK(retried.code == 0);
  CHECK(await_end(server, id)["state"] == state);

  const auto refused = run_agent(home, {"tasks", "purge", "--state", state, "--server", url});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.errors, Contains("1 task") && Contains("--yes"));
  const auto purged =
      run_agent(home, {"tasks", "purge", "--state", state, "--yes", "--server", url});
  CHECK(purged.code == 0);
  CHECK_THAT(purged.output, Contains("1 tasks purged"));
  CHECK(run_agent(home, {"tasks", "show", id, "--server", url}).code == 1);
}

TEST_CASE("a task is cancelled from the command line, an unknown one is named", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", "."}};
  const auto url = server_of(server);
  const std::string id =
      server.post("/v1/tasks", submission("summarize", {{"text", slow_text()}})).second["id"];
  const std::string unknown = "0190b5a0-0000-7000-8000-000000000000";
  const auto run = run_agent(home, {"tasks", "cancel", unknown, id, "--server", url});
  CHECK(run.code == 1);
  CHECK_THAT(run.errors, Contains(unknown));
  CHECK_THAT(run.output, Contains(id + " "));
  const auto state = server.get("/v1/tasks/" + id).second["state"];
  CHECK((state == "cancelled" || state == "succeeded"));
}

TEST_CASE("a schedule survives a restart and then runs", "[system]") {
  const temporary_folder home;
  std::string id;
  {
    served_agent server{home, {"--docs", "."}};
    const auto url = server_of(server);
    const auto added =
        run_agent(home, {"schedules", "add", "--name", "soon", "--after", "1s", "--tool",
                         "calculate", "--arguments", R"({"expression":"1+1"})", "--server", url});
    INFO(added.errors);
    REQUIRE(added.code == 0);
    CHECK_THAT(added.output, Contains("runs next at 20"));
    REQUIRE(
        run_agent(home, {"schedules", "add", "--name", "yearly", "--cron", "@yearly", "--tool",
                         "calculate", "--arguments", R"({"expression":"2+2"})", "--server", url})
            .code == 0);
    kill_now(server);
  }
  served_agent server{home, {"--docs", "."}};
  const auto url = server_of(server);
  const auto listed = run_agent(home, {"schedules", "list", "--server", url});
  CHECK_THAT(listed.output, Contains("@yearly") && Contains("calculate") && Contains("yearly"));
  json done;
  do {
    done = server.get("/v1/tasks?state=succeeded&target=calculate").second["data"];
  } while (done.empty());
  CHECK(done.size() == 1);
  const auto removed = run_agent(home, {"schedules", "remove", "yearly", "--server", url});
  CHECK(removed.output == "yearly removed\n");
  CHECK(server.get("/v1/schedules").second["data"].empty());
  CHECK(run_agent(home, {"schedules", "remove", "yearly", "--server", url}).code == 1);
}

TEST_CASE("commands for tasks and schedules say how to start a server", "[system]") {
  const temporary_folder home;
  const std::string nobody = "http://127.0.0.1:1";
  for (const auto& words : {std::vector<std::string>{"tasks", "list"}, {"schedules", "list"}}) {
    auto command = words;
    command.insert(command.end(), {"--server", nobody});
    const auto run = run_agent(home, command);
    CHECK(run.code == 1);
    CHECK_THAT(run.errors, Contains("agent serve"));
  }
  const auto wrong = run_agent(home, {"tasks", "purge", "--state", "queued", "--server", nobody});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.errors, Contains("cancel"));
}

TEST_CASE("run with a key used before gives that task's result", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", "."}};
  const auto url = server_of(server);
  const std::vector<std::string> words{
      "run", "calculate", R"({"expression":"1+1"})", "--server", url, "--key", "k"};
  CHECK(run_agent(home, words).output == "{\"value\":2}\n");
  CHECK(run_agent(home, words).output == "{\"value\":2}\n");
  CHECK(server.get("/v1/tasks?target=calculate").second["data"].size() == 1);
}
