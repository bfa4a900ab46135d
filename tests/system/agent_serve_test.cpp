#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <future>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;

namespace {

/// A text that takes the summarizer long enough to be caught at work.
std::string long_text() {
  std::string text;
  for (int i = 0; text.size() < 900'000; ++i) {
    text += "Sentence " + std::to_string(i) + " tells of topic " + std::to_string(i % 97) +
            " and of item " + std::to_string(i % 31) + ". ";
  }
  return text;
}

/// The state of the newest task of a tool; empty when there is none.
std::string state_of_latest(served_agent& server, const std::string& tool) {
  const auto tasks = server.get("/v1/tasks").second;
  for (const auto& task : tasks["data"]) {
    if (task["target"] == tool)
      return task["state"];
  }
  return {};
}

/// A server indexes by itself when it starts; answers are complete when that has ended.
void await_index(served_agent& server) {
  std::string state;
  do {
    state = state_of_latest(server, "index_folder");
  } while (state.empty() || state == "queued" || state == "running");
  REQUIRE(state == "succeeded");
}

}  // namespace

TEST_CASE("a server answers tasks, questions and its own state", "[system]") {
  const temporary_folder home;
  home.write("notes/a.md", "The lighthouse was built in 1887 by two brothers.\n");
  served_agent server{home, {"--docs", "notes"}};

  CHECK(server.get("/healthz").first == 200);
  CHECK(server.get("/readyz").first == 200);
  const auto [status, task] = server.run("calculate", {{"expression", "6*7"}});
  CHECK(status == 200);
  CHECK(task["result"]["value"] == 42);
  CHECK(server.get("/v1/tasks/" + task["id"].get<std::string>()).second["state"] == "succeeded");

  await_index(server);
  const auto [asked, answer] =
      server.post("/v1/agents/documents/ask", {{"question", "When was the lighthouse built?"}});
  CHECK(asked == 200);
  CHECK_THAT(answer["text"].get<std::string>(), Contains("1887"));

  const auto tree = server.get("/v1/supervision").second;
  CHECK(tree["name"] == "root");
  CHECK_THAT(tree.dump(), Contains("\"dispatcher\""));
  CHECK(server.get("/v1/tools").second["data"].size() == 6);
}

TEST_CASE("a follow-up question in a session leans on the one before", "[system]") {
  const temporary_folder home;
  home.write("notes/a.md",
             "The lighthouse was built in 1887 by two brothers.\n\n"
             "The keeper of the lighthouse is called Marta.\n");
  served_agent server{home, {"--docs", "notes"}};
  await_index(server);
  const auto ask = [&](const char* question) {
    return server.post("/v1/agents/documents/ask", {{"question", question}, {"session", "s"}})
        .second["text"]
        .get<std::string>();
  };
  CHECK_THAT(ask("When was the lighthouse built?"), Contains("1887"));
  CHECK_THAT(ask("And how is its keeper called?"), Contains("Marta"));
}

TEST_CASE("SIGTERM lets accepted tasks end, answers their clients, and exits with 0", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", ".", "--set", "shutdown.grace=60s"}};
  auto waiting = std::async(std::launch::async,
                            [&] { return server.run("summarize", {{"text", long_text()}}); });
  while (state_of_latest(server, "summarize") != "running" &&
         waiting.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready) {
  }
  server.process().send_signal(SIGTERM);
  CHECK(waiting.get().first == 200);
  CHECK(server.process().wait(process_patience) == exit_status{.code = 0, .signal = {}});
}

TEST_CASE("a second server on the same port says that it is taken", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", "."}};
  const auto url = server.ready()["http"].get<std::string>();
  const auto port = url.substr(url.rfind(':') + 1);
  const temporary_folder other_home;
  const auto second = run_agent(other_home, {"serve", "--docs", ".", "--port", port});
  CHECK(second.code == 1);
  CHECK_THAT(second.errors, Contains(port));
}

TEST_CASE("a second server with the same data says who has them", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", "."}};
  const auto second = run_agent(home, {"serve", "--docs", ".", "--port", "0"});
  CHECK(second.code == 1);
  CHECK_THAT(second.errors,
             Contains("held by process " + std::to_string(server.ready()["pid"].get<int>())));
}

TEST_CASE("run and tree work on a running server", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", "."}};
  const auto url = server.ready()["http"].get<std::string>();
  const auto run =
      run_agent(home, {"run", "calculate", R"({"expression":"1+1"})", "--server", url});
  CHECK(run.code == 0);
  CHECK(run.output == "{\"value\":2}\n");
  const auto tree = run_agent(home, {"tree", "--server", url});
  CHECK(tree.code == 0);
  CHECK_THAT(tree.output, Contains("`-- ") && Contains("dispatcher"));
  CHECK(run_agent(home, {"run", "calculate", "{}", "--server", url}).code == 1);
}

TEST_CASE("a long task over HTTP is cancelled by DELETE and streams its end", "[system]") {
  const temporary_folder home;
  served_agent server{home, {"--docs", "."}};
  const auto [status, accepted] =
      server.post("/v1/tasks", {{"tool", "summarize"}, {"arguments", {{"text", long_text()}}}});
  REQUIRE(status == 202);
  const auto path = "/v1/tasks/" + accepted["id"].get<std::string>();
  const auto ended = server.erase(path).second["state"];
  CHECK((ended == "cancelled" || ended == "succeeded"));
  http_client client;
  std::string events;
  const auto streamed =
      client.stream({.url = server.url(path + "/events")}, [&](std::string_view piece) {
        events += piece;
        return true;
      });
  CHECK(streamed);
  CHECK_THAT(events, Contains("event: result"));
}
