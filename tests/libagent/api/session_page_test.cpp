#include "libagent/api/session_page.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

session_view a_session() {
  session_view session{.id = "s1", .agent = "assistant", .created_at = 1'000, .changed_at = 5'000};
  session.turns = 1;
  session.turn_open = true;
  session.messages = {{.role = chat_role::system, .content = "secret instructions"},
                      {.role = chat_role::user, .content = "two\nlines"},
                      {.role = chat_role::assistant,
                       .tool_calls = {{.id = "c", .name = "calculate", .arguments = R"({"a":1})"}}},
                      {.role = chat_role::tool, .content = "{\n\"value\":2}", .tool_call_id = "c"},
                      {.role = chat_role::assistant, .content = "It is 2.\x1b[2J"}};
  session.approvals = {{.id = "a1", .call = {.id = "d", .name = "send", .arguments = "{}"}}};
  return session;
}

}  // namespace

TEST_CASE("a conversation shows who said what, and tools in one line each", "[api]") {
  CHECK(render_messages(a_session().messages, {}) ==
        "> two\n  lines\n"
        "  -> calculate {\"a\":1}\n"
        "  <- { \"value\":2}\n"
        "It is 2.[2J\n");
}

TEST_CASE("a session's page ends with what waits for a person", "[api]") {
  const auto page = render_session(a_session(), 65'000, {});
  CHECK(page.find("state    needs approval\n") != std::string::npos);
  CHECK(page.find("changed  1m ago\n") != std::string::npos);
  CHECK(page.ends_with("APPROVAL  SESSION  CALL\na1        s1       send\n"));
}

TEST_CASE("a list of sessions says what each is doing", "[api]") {
  CHECK(render_sessions({}, 0).empty());
  const auto page = render_sessions({{.id = "s1", .agent = "a", .turn_open = true},
                                     {.id = "s2", .agent = "a", .changed_at = 2'000}},
                                    5'000);
  CHECK(page ==
        "SESSION  AGENT  STATE      CHANGED  BEGUN\n"
        "s1       a      answering  5s ago   5s ago\n"
        "s2       a      idle       3s ago   5s ago\n");
}

TEST_CASE("a list of agents shows models and tools where there are some", "[api]") {
  CHECK(render_agents({{.name = "documents", .description = "Answers."},
                       {.name = "helper",
                        .description = "Helps.",
                        .model = "default",
                        .tools = {"calculate", "current_time"}}},
                      {}) ==
        "documents\n    Answers.\n"
        "helper  default  tools: calculate, current_time\n    Helps.\n");
}
