#include "apps/agent/chat_loop.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace libagent::app;
using libagent::testing::temporary_folder;

namespace {

/// Somebody at a terminal whose words are known beforehand.
class typed_lines final : public line_source {
public:
  explicit typed_lines(std::deque<std::string> lines) : lines_{std::move(lines)} {}

  [[nodiscard]] bool is_interactive() const override { return interactive; }

  [[nodiscard]] std::optional<std::string> read(const std::string&) override { return next(); }

  [[nodiscard]] std::optional<std::string> ask(const std::string& prompt) override {
    asked.push_back(prompt);
    return next();
  }

  bool interactive = true;
  std::vector<std::string> asked;

private:
  std::optional<std::string> next() {
    if (lines_.empty())
      return std::nullopt;
    auto line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

  std::deque<std::string> lines_;
};

/// Sessions whose turns end as a test says.
class told_backend final : public chat_backend {
public:
  void run_turn(const turn_request& request, turn_observer& observer,
                const std::stop_token&) override {
    requests.push_back(request);
    if (turn)
      turn(observer);
  }

  expected<void> decide(const std::string& approval, const approval_decision& said) override {
    decisions.emplace_back(approval, said);
    return {};
  }

  expected<session_view> look_up(const std::string& session) override {
    if (known && known->id == session)
      return *known;
    return error{errc::not_found, "no such session"};
  }

  expected<std::vector<session_line>> sessions() override { return std::vector<session_line>{}; }

  expected<std::vector<agent_info>> agents() override {
    return std::vector<agent_info>{{.name = "lawyer", .description = "Pleads."}};
  }

  std::function<void(turn_observer&)> turn;
  std::optional<session_view> known;
  std::vector<turn_request> requests;
  std::vector<std::pair<std::string, approval_decision>> decisions;
};

struct chat_world {
  temporary_folder folder;
  told_backend backend;
  chat_bookmark bookmark{folder.path(), "assistant", ""};
  interrupt ctrl_c;
  std::ostringstream out;

  int run(typed_lines& lines, std::string session = {}) {
    return chat_loop{backend, lines,
                     ctrl_c,  bookmark,
                     out,     {.agent = "assistant", .session = std::move(session), .user = "me"}}
        .run();
  }
};

void answer_four(turn_observer& observer) {
  observer.on_update(turn_text{"Four."});
  observer.on_end({.text = "Four."});
}

}  // namespace

TEST_CASE("a chat names its agent once, and then the session knows who answers", "[chat]") {
  chat_world world;
  world.backend.turn = answer_four;
  typed_lines lines{{"two and two?", "  ", "and again?"}};
  CHECK(world.run(lines) == 0);
  REQUIRE(world.backend.requests.size() == 2);
  const auto& first = world.backend.requests[0];
  const auto& second = world.backend.requests[1];
  CHECK(first.agent == "assistant");
  CHECK(first.messages.front().content == "two and two?");
  CHECK(second.agent.empty());
  CHECK(first.session == second.session);
  CHECK(first.key != second.key);
  CHECK(world.out.str().find("Four.\n") != std::string::npos);
}

TEST_CASE("the next chat goes on with the session of the last one", "[chat]") {
  chat_world world;
  world.backend.turn = answer_four;
  typed_lines lines{{"hello", "/new", "hello"}};
  CHECK(world.run(lines) == 0);
  REQUIRE(world.backend.requests.size() == 2);
  CHECK(world.backend.requests[1].agent == "assistant");
  CHECK(world.bookmark.read() == world.backend.requests[1].session);
  world.backend.known = session_view{.id = world.bookmark.read(), .agent = "assistant"};
  typed_lines later{{"hello"}};
  CHECK(world.run(later, world.bookmark.read()) == 0);
  CHECK(world.backend.requests[2].session == world.backend.requests[1].session);
  CHECK(world.backend.requests[2].agent.empty());
}

TEST_CASE("a chat asks before a tool runs, and joins the turn again after the word", "[chat]") {
  chat_world world;
  const tool_call call{.id = "c", .name = "send", .arguments = R"({"to":"bob"})"};
  world.backend.turn = [&](turn_observer& observer) {
    if (!world.backend.decisions.empty())
      return answer_four(observer);
    turn_result waiting{.state = turn_state::needs_approval};
    waiting.approvals = {{.id = "a1", .call = call}};
    observer.on_end(waiting);
  };
  const auto [typed, is_allowed, reason] = GENERATE(table<std::string, bool, std::string>(
      {{"y", true, ""}, {"n", false, ""}, {"", false, ""}, {"not to bob", false, "not to bob"}}));
  CAPTURE(typed);
  typed_lines lines{{"write to bob", typed}};
  CHECK(world.run(lines) == 0);
  REQUIRE(lines.asked.size() == 1);
  CHECK(lines.asked.front().find("send {\"to\":\"bob\"}") != std::string::npos);
  REQUIRE(world.backend.decisions.size() == 1);
  CHECK(world.backend.decisions.front().first == "a1");
  CHECK(world.backend.decisions.front().second.allowed == is_allowed);
  CHECK(world.backend.decisions.front().second.reason == reason);
  REQUIRE(world.backend.requests.size() == 2);
  CHECK(world.backend.requests[0].key == world.backend.requests[1].key);
}

TEST_CASE("without a terminal nobody is asked: the chat says how to decide, and fails", "[chat]") {
  chat_world world;
  world.backend.turn = [](turn_observer& observer) {
    turn_result waiting{.state = turn_state::needs_approval};
    waiting.approvals = {{.id = "a1", .call = {.id = "c", .name = "send"}}};
    observer.on_end(waiting);
  };
  typed_lines lines{{"write"}};
  lines.interactive = false;
  CHECK(world.run(lines) == 1);
  CHECK(lines.asked.empty());
  CHECK(world.backend.decisions.empty());
  CHECK(world.out.str().find("agent approvals allow") != std::string::npos);
  CHECK(world.out.str().find("a1") != std::string::npos);
}

TEST_CASE("a turn that is refused or lost is said so, and the chat goes on", "[chat]") {
  chat_world world;
  int turns = 0;
  world.backend.turn = [&turns](turn_observer& observer) {
    ++turns;
    if (turns == 1)
      observer.on_refused({errc::overloaded, "begin a turn: too many"});
    if (turns == 3)
      answer_four(observer);
  };
  typed_lines lines{{"one", "two", "three"}};
  CHECK(world.run(lines) == 0);
  CHECK(world.out.str().find("! overloaded: begin a turn: too many") != std::string::npos);
  CHECK(world.out.str().find("the turn was lost") != std::string::npos);
  typed_lines failing{{"four"}};
  CHECK(world.run(failing) == 1);
}

TEST_CASE("commands of a chat are never sent to the agent", "[chat]") {
  chat_world world;
  typed_lines lines{{"/help", "/agents", " /history ", "/nonsense", "/quit", "unheard"}};
  CHECK(world.run(lines) == 0);
  CHECK(world.backend.requests.empty());
  const auto said = world.out.str();
  CHECK(said.find("/new") != std::string::npos);
  CHECK(said.find("lawyer") != std::string::npos);
  CHECK(said.find("Nothing was said yet.") != std::string::npos);
  CHECK(said.find("no such command") != std::string::npos);
}

TEST_CASE("a chat's session is named after who and when, in letters that any name may have",
          "[chat]") {
  const auto name = new_session_id("j\xC3\xB6rg/../x", 1'700'000'000'123);
  CHECK(name.starts_with("chat-j--rg-..-x-2023"));
  CHECK(
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
      std::string::npos);
  CHECK(new_session_id(std::string(500, 'x'), 0).size() <= 64);
}

TEST_CASE("a bookmark that makes no sense is none", "[chat]") {
  const temporary_folder folder;
  const chat_bookmark mark{folder.path(), "a/../../b", "http://127.0.0.1:8080"};
  CHECK(mark.read().empty());
  mark.write("s1");
  CHECK(mark.read() == "s1");
  mark.write("../../etc");
  CHECK(mark.read().empty());
}
