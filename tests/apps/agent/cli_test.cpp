#include "apps/agent/cli.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent::app;
using namespace std::chrono_literals;

namespace {

std::variant<invocation, int> read(std::vector<std::string> words) {
  words.insert(words.begin(), "agent");
  std::vector<char*> pointers;
  for (auto& word : words)
    pointers.push_back(word.data());
  return read_command_line(static_cast<int>(pointers.size()), pointers.data());
}

template <class Command>
Command command_of(std::vector<std::string> words) {
  auto called = read(std::move(words));
  REQUIRE(std::holds_alternative<invocation>(called));
  auto& what = std::get<invocation>(called).command;
  REQUIRE(std::holds_alternative<Command>(what));
  return std::get<Command>(what);
}

bool is_wrong_usage(std::vector<std::string> words) {
  const auto called = read(std::move(words));
  return std::holds_alternative<int>(called) && std::get<int>(called) == exit_usage;
}

}  // namespace

TEST_CASE("tasks list takes states, a tool and a limit", "[cli]") {
  const auto plain = command_of<tasks_command>({"tasks", "list"});
  CHECK(plain.what == tasks_command::verb::list);
  CHECK(plain.limit == 100);
  CHECK_FALSE(plain.server);
  const auto narrow =
      command_of<tasks_command>({"tasks", "list", "--state", "dead,failed", "--tool", "summarize",
                                 "--limit", "5", "--json", "--server", "http://127.0.0.1:9"});
  CHECK(narrow.states == "dead,failed");
  CHECK(narrow.target == "summarize");
  CHECK(narrow.limit == 5);
  CHECK(narrow.json);
  CHECK(narrow.server == "http://127.0.0.1:9");
  CHECK(is_wrong_usage({"tasks", "list", "--limit", "0"}));
  CHECK(is_wrong_usage({"tasks"}));
}

TEST_CASE("commands about tasks want ids, purge takes a state instead", "[cli]") {
  CHECK(command_of<tasks_command>({"tasks", "retry", "a", "b"}).ids ==
        std::vector<std::string>{"a", "b"});
  CHECK(command_of<tasks_command>({"tasks", "cancel", "a"}).what == tasks_command::verb::cancel);
  CHECK(is_wrong_usage({"tasks", "retry"}));
  CHECK(is_wrong_usage({"tasks", "show", "a", "b"}));
  const auto purge = command_of<tasks_command>(
      {"tasks", "purge", "--state", "dead", "--older-than", "1h", "--yes"});
  CHECK(purge.what == tasks_command::verb::purge);
  CHECK(purge.states == "dead");
  CHECK(purge.older_than == 3'600'000ms);
  CHECK(purge.yes);
  CHECK(is_wrong_usage({"tasks", "purge", "a", "--state", "dead"}));
  CHECK(is_wrong_usage({"tasks", "purge", "--older-than", "1h"}));
  CHECK(is_wrong_usage({"tasks", "purge", "--state", "dead", "--older-than", "soon"}));
}

TEST_CASE("schedules add says once when, and what", "[cli]") {
  const auto made = command_of<schedules_command>({"schedules", "add", "--name", "n", "--cron",
                                                   "0 8 * * 1-5", "--tool", "calculate",
                                                   "--arguments", "{}", "--timeout", "30s"});
  CHECK(made.what == schedules_command::verb::add);
  CHECK(made.cron == "0 8 * * 1-5");
  CHECK(made.timeout == 30'000ms);
  const auto later =
      command_of<schedules_command>({"schedules", "add", "--after", "5m", "--agent", "documents"});
  CHECK(later.after == 300'000ms);
  CHECK(later.agent == "documents");
  CHECK(is_wrong_usage({"schedules", "add", "--tool", "calculate"}));
  CHECK(is_wrong_usage({"schedules", "add", "--after", "5m"}));
  CHECK(is_wrong_usage({"schedules", "add", "--at", "1", "--after", "5m", "--tool", "calculate"}));
  CHECK(is_wrong_usage({"schedules", "remove"}));
}

TEST_CASE("a key goes with a server only", "[cli]") {
  CHECK(command_of<run_command>({"run", "t", "{}", "--server", "http://h", "--key", "k"}).key ==
        "k");
  CHECK(is_wrong_usage({"run", "t", "{}", "--key", "k"}));
}

TEST_CASE("a time is ISO 8601, or Unix time in seconds or milliseconds", "[cli]") {
  CHECK(*read_time("2024-02-29T12:34:56Z") == 1'709'210'096'000);
  CHECK(*read_time("1709210096") == 1'709'210'096'000);
  CHECK(*read_time("1709210096007") == 1'709'210'096'007);
  CHECK_FALSE(read_time(""));
  CHECK_FALSE(read_time("99999999999999999999999"));
  CHECK_FALSE(read_time("17092x"));
}

TEST_CASE("chat takes an agent, a session or a new one, and a server", "[cli]") {
  const auto plain = command_of<chat_command>({"chat"});
  CHECK(plain.agent == "documents");
  CHECK(plain.session.empty());
  CHECK_FALSE(plain.url);
  const auto full = command_of<chat_command>(
      {"chat", "--agent", "assistant", "--session", "s1", "--url", "http://127.0.0.1:9"});
  CHECK(full.agent == "assistant");
  CHECK(full.session == "s1");
  CHECK(full.url == "http://127.0.0.1:9");
  CHECK(command_of<chat_command>({"chat", "--new", "--verbose"}).is_new);
  CHECK(is_wrong_usage({"chat", "--new", "--session", "s1"}));
  const auto called = read({"chat", "--models-url", "http://x/v1", "--model", "m"});
  REQUIRE(std::holds_alternative<invocation>(called));
  CHECK(std::get<invocation>(called).settings ==
        std::vector<std::pair<std::string, std::string>>{{"models.url", "http://x/v1"},
                                                         {"models.model", "m"}});
}

TEST_CASE("sessions and approvals take names and ids", "[cli]") {
  CHECK(command_of<agents_command>({"agents", "--json"}).json);
  const auto list = command_of<sessions_command>({"sessions", "list", "--agent", "a", "--open"});
  CHECK(list.agent == "a");
  CHECK(list.open);
  CHECK(command_of<sessions_command>({"sessions", "show", "s1"}).ids.front() == "s1");
  CHECK(command_of<sessions_command>({"sessions", "delete", "s1", "s2"}).ids.size() == 2);
  CHECK(is_wrong_usage({"sessions", "delete"}));
  const auto deny = command_of<approvals_command>({"approvals", "deny", "a1", "--reason", "no"});
  CHECK(deny.what == approvals_command::verb::deny);
  CHECK(deny.reason == "no");
  CHECK(is_wrong_usage({"approvals", "allow"}));
}
