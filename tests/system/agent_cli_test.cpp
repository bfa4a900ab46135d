#include "tests/support/agent_program.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <csignal>

using namespace libagent;
using namespace libagent::testing;
using Catch::Contains;

namespace {

void write_small_corpus(const temporary_folder& home) {
  home.write("notes/ovens.md",
             "# Ovens\n\nThe tunnel oven bakes bread at 240 degrees.\n\n"
             "Cleaning takes twenty minutes every evening.\n");
  home.write("notes/面包.md", "# 面包\n\n全麦面包需要发酵三个小时。\n\n烤箱的温度是二百四十度。\n");
  home.write("notes/picture.png", std::string("\x89PNG\0\0\0\0", 8));
}

}  // namespace

TEST_CASE("ask answers from a folder with file and line", "[system]") {
  const temporary_folder home;
  write_small_corpus(home);
  const auto run =
      run_agent(home, {"ask", "--docs", "notes", "At how many degrees does the tunnel oven bake?"});
  INFO(run.errors);
  CHECK(run.code == 0);
  CHECK_THAT(run.output, Contains("240 degrees"));
  CHECK_THAT(run.output, Contains("[1] ovens.md:3"));
}

TEST_CASE("ask answers Chinese questions from Chinese documents", "[system]") {
  const temporary_folder home;
  write_small_corpus(home);
  const auto run = run_agent(home, {"ask", "--docs", "notes", "--json", "全麦面包需要发酵多久？"});
  INFO(run.errors);
  REQUIRE(run.code == 0);
  const auto answer = nlohmann::json::parse(run.output);
  CHECK(answer["model"] == "extractive");
  CHECK_THAT(answer["text"].get<std::string>(), Contains("三个小时"));
  CHECK(answer["citations"][0]["file"] == "面包.md");
  CHECK(answer["citations"][0]["line_first"] == 3);
}

TEST_CASE("ask says that it found nothing, and its exit code says so too", "[system]") {
  const temporary_folder home;
  write_small_corpus(home);
  const auto run =
      run_agent(home, {"ask", "--docs", "notes", "Who won the regatta in Lisbon in 1923?"});
  CHECK(run.code == 3);
  CHECK_FALSE(run.output.empty());
}

TEST_CASE("the second question indexes only what changed", "[system]") {
  const temporary_folder home;
  write_small_corpus(home);
  REQUIRE(run_agent(home, {"ask", "--docs", "notes", "oven degrees"}).code == 0);
  home.write("notes/yeast.md", "Fresh yeast keeps for two weeks in the refrigerator.\n");
  const auto indexed = run_agent(home, {"run", "index_folder", "--docs", "notes"});
  REQUIRE(indexed.code == 0);
  const auto report = nlohmann::json::parse(indexed.output);
  CHECK(report["files_indexed"] == 1);
  CHECK(report["files_unchanged"] == 2);
  CHECK_THAT(run_agent(home, {"ask", "--docs", "notes", "How long does fresh yeast keep?"}).output,
             Contains("two weeks"));
}

TEST_CASE("indexing that was killed half-way is completed by the next run", "[system]") {
  const temporary_folder home;
  std::string filler;
  for (int i = 0; i < 400; ++i)
    filler += "Line " + std::to_string(i) + " is about nothing in particular.\n";
  for (int i = 0; i < 600; ++i)
    home.write("notes/" + std::to_string(i) + ".txt", filler);
  home.write("notes/z.txt", "The secret ingredient of the brioche is orange blossom water.\n");
  {
    child_process indexing{agent_command(home, {"run", "index_folder", "--docs", "notes"})};
    // The first progress line may come at any moment of the work, which is the point.
    while (indexing.errors().empty() && !indexing.wait(std::chrono::milliseconds{1})) {
    }
    indexing.send_signal(SIGKILL);
    REQUIRE(indexing.wait(process_patience));
  }
  const auto run =
      run_agent(home, {"ask", "--docs", "notes", "What is the secret ingredient of the brioche?"});
  INFO(run.errors);
  CHECK(run.code == 0);
  CHECK_THAT(run.output, Contains("orange blossom water"));
  CHECK_THAT(run.output, Contains("z.txt:1"));
}

TEST_CASE("a question before anything was indexed says what to do", "[system]") {
  const temporary_folder home;
  write_small_corpus(home);
  const auto run = run_agent(
      home, {"run", "answer_from_documents", "--docs", "notes", R"({"question":"cleaning time"})"});
  CHECK(run.code == 1);
  CHECK_THAT(run.errors, Contains("index_folder"));
}

TEST_CASE("wrong usage exits with 2 and says what is wrong", "[system]") {
  const temporary_folder home;
  CHECK(run_agent(home, {}).code == 2);
  CHECK(run_agent(home, {"frobnicate"}).code == 2);
  const auto unknown = run_agent(home, {"config", "check", "--set", "task.workers=2"});
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.errors, Contains("tasks.workers"));
  const auto range = run_agent(home, {"config", "check", "--set", "http.port=70000"});
  CHECK(range.code == 2);
  CHECK_THAT(range.errors, Contains("65535"));
}

TEST_CASE("help reads well for every command and exits with 0", "[system]") {
  const temporary_folder home;
  const auto all = run_agent(home, {"--help"});
  CHECK(all.code == 0);
  for (const auto* command : {"ask", "chat", "serve", "run", "tools", "tree", "config"}) {
    CAPTURE(command);
    CHECK_THAT(all.output, Contains(command));
    const auto help = run_agent(home, {command, "--help"});
    CHECK(help.code == 0);
    CHECK_THAT(help.output, Contains("Usage"));
  }
}

TEST_CASE("run prints a tool's result, or the path of what is wrong", "[system]") {
  const temporary_folder home;
  const auto good = run_agent(home, {"run", "calculate", R"({"expression": "(2+3)*4"})"});
  CHECK(good.code == 0);
  CHECK(good.output == "{\"value\":20}\n");
  const auto mistyped = run_agent(home, {"run", "calculate", R"({"expression": 5})"});
  CHECK(mistyped.code == 1);
  CHECK_THAT(mistyped.errors, Contains("/expression: expected string"));
  CHECK_THAT(run_agent(home, {"run", "calculat", "{}"}).errors, Contains("calculate"));
}

TEST_CASE("tree without a server says how to start one", "[system]") {
  const temporary_folder home;
  // Port 1 needs no server to be refused.
  const auto run = run_agent(home, {"tree", "--server", "http://127.0.0.1:1"});
  CHECK(run.code == 1);
  CHECK_THAT(run.errors, Contains("agent serve"));
}

TEST_CASE("a folder that does not exist is named", "[system]") {
  const temporary_folder home;
  const auto run = run_agent(home, {"ask", "--docs", "nowhere", "anything"});
  CHECK(run.code == 1);
  CHECK_THAT(run.errors, Contains("nowhere"));
}
