#include "libagent/session/turn_driver.hpp"

#include "tests/support/loop_rig.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace libagent;
using libagent::testing::is_paired;
using libagent::testing::loop_rig;
using libagent::testing::rig_agent;
using namespace std::chrono_literals;

namespace {

/// What the model reads as the result of a call in the next request.
std::string result_read(const order_model& order, std::string_view call) {
  for (const auto& m : order.request->messages) {
    if (m.role == chat_role::tool && m.tool_call_id == call)
      return m.content;
  }
  return "(none)";
}

bool is_about(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("tools of one step run at the same time, and the model reads all their results") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto ran = rig.calls({{"a", "sum", R"({"a":1,"b":2})"}, {"b", "look_up", ""}});
  REQUIRE(rig.count<run_tool>(ran) == 2);
  CHECK(rig.count<order_model>(rig.result("b", "found")) == 0);
  rig.at.now += 1s;
  const auto order = rig.only<order_model>(rig.result("a", "3"));
  CHECK(is_paired(order.request->messages));
  CHECK(result_read(order, "a") == "3");
  CHECK(result_read(order, "b") == "found");
  const auto& asked = order.request->messages[2];
  REQUIRE(asked.tool_calls.size() == 2);
  CHECK(asked.tool_calls[1].arguments == "{}");
  const auto end = rig.only<end_turn>(rig.says("done")).result;
  CHECK(end.text == "done");
  CHECK(end.steps == 2);
  CHECK(rig.replays_alike());
}

TEST_CASE("a tool that is not pure runs once its step is stored, under a key of its own") {
  loop_rig rig{{rig_agent()}};
  const auto order = rig.only<order_model>(rig.begin("x")).order;
  chat_reply wants;
  wants.message.tool_calls = {{"a", "pay", "{}"}, {"b", "sum", R"({"a":1,"b":2})"}};
  const auto actions = rig.loop->on_model_end(order, {.reply = wants}, rig.at);
  bool is_stored = false;
  for (const auto& action : actions) {
    if (const auto* const commit = std::get_if<commit_events>(&action))
      is_stored = commit->must_be_stored;
    if (const auto* const run = std::get_if<run_tool>(&action)) {
      CHECK(is_stored);
      CHECK(run->key == (run->tool == "pay" ? "turn1.1.0" : ""));
    }
  }
  CHECK(rig.count<run_tool>(actions) == 2);
}

TEST_CASE("pure tools do not wait for the disk") {
  loop_rig rig{{rig_agent()}};
  const auto order = rig.only<order_model>(rig.begin("x")).order;
  chat_reply wants;
  wants.message.tool_calls = {{"b", "sum", R"({"a":1,"b":2})"}};
  const auto actions = rig.loop->on_model_end(order, {.reply = wants}, rig.at);
  CHECK_FALSE(rig.only<commit_events>(actions).must_be_stored);
  CHECK(rig.only<run_tool>(actions).key.empty());
}

TEST_CASE("arguments that are no object go back to the model and are not kept") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto next = rig.calls({{"a", "sum", R"({"a":1,)"}});
  CHECK(rig.count<run_tool>(next) == 0);
  const auto order = rig.only<order_model>(next);
  CHECK(is_paired(order.request->messages));
  CHECK(is_about(result_read(order, "a"), "expected a JSON object"));
  CHECK(is_about(result_read(order, "a"), R"({\"a\":1,)"));
  CHECK(rig.history.entries().back().calls[0].call.arguments == "{}");
}

TEST_CASE("arguments that do not fit the schema go back with the place") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto next = rig.calls({{"a", "sum", R"({"a":1,"b":"two"})"}});
  CHECK(rig.count<run_tool>(next) == 0);
  CHECK(is_about(result_read(rig.only<order_model>(next), "a"), "/b: expected integer"));
}

TEST_CASE("an unknown tool is answered with the nearest one there is") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto order = rig.only<order_model>(rig.calls({{"a", "lookup", "{}"}}));
  CHECK(is_about(result_read(order, "a"), "did you mean \"look_up\""));
}

TEST_CASE("calls without an id, or with the same one, get ids that differ") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.calls({{"", "look_up", "{}"}, {"c", "look_up", "{}"}, {"c", "look_up", "{}"}});
  const auto calls = rig.history.calls();
  REQUIRE(calls.size() == 3);
  CHECK(calls[1].call.id == "c");
  CHECK_FALSE(calls[0].call.id.empty());
  CHECK(calls[2].call.id != "c");
  CHECK(calls[2].call.id != calls[0].call.id);
}

TEST_CASE("the same failing call three times ends the turn") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  for (int i = 0; i < 2; ++i) {
    (void)rig.calls({{"a", "save", R"({"file":"x"})"}});
    (void)rig.only<order_model>(rig.result("a", error{errc::tool_failed, "disk full"}));
  }
  (void)rig.calls({{"a", "save", R"({"file":"x"})"}});
  const auto end = rig.only<end_turn>(rig.result("a", error{errc::tool_failed, "no"})).result;
  CHECK(end.state == turn_state::failed);
  CHECK(end.failure->code == errc::tool_failed);
  CHECK(is_about(end.failure->context, "3 times"));
}

TEST_CASE("failing calls that differ do not end the turn") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  for (int i = 0; i < 5; ++i) {
    (void)rig.calls({{"a", "save", R"({"file":)" + std::to_string(i) + "}"}});
    (void)rig.only<order_model>(rig.result("a", error{errc::tool_failed, "disk full"}));
  }
}

TEST_CASE("a long result is cut between characters, and says so") {
  auto agent = rig_agent();
  agent.limits.tool_output_bytes = 65;
  loop_rig rig{{agent}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.calls({{"a", "look_up", "{}"}});
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "ä";
  const auto read = result_read(rig.only<order_model>(rig.result("a", text)), "a");
  CHECK(read == text.substr(0, 64) + "\n[cut: 64 of 200 bytes]");
}

TEST_CASE("the last step is one without tools, and must answer") {
  auto agent = rig_agent();
  agent.limits.steps = 2;
  loop_rig rig{{agent}};
  CHECK_FALSE(rig.only<order_model>(rig.begin("x")).request->tools.empty());
  (void)rig.calls({{"a", "look_up", "{}"}});
  const auto last = rig.only<order_model>(rig.result("a", "1"));
  CHECK(last.request->tools.empty());
  CHECK(is_about(last.request->messages[0].content, "cannot call any more tools"));
  const auto end = rig.only<end_turn>(rig.calls({{"b", "look_up", "{}"}})).result;
  CHECK(end.state == turn_state::failed);
  CHECK(end.failure->code == errc::budget_exceeded);
  CHECK(rig.replays_alike());
}

TEST_CASE("tool calls beyond the limit are refused, then the model has to answer") {
  auto agent = rig_agent();
  agent.limits.tool_calls = 2;
  loop_rig rig{{agent}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto ran = rig.calls({{"a", "look_up", "{}"},
                              {"b", "look_up", "{}"},
                              {"c", "look_up", "{}"},
                              {"d", "look_up", "{}"}});
  CHECK(rig.count<run_tool>(ran) == 2);
  (void)rig.result("a", "1");
  const auto last = rig.only<order_model>(rig.result("b", "2"));
  CHECK(is_about(result_read(last, "c"), "no more than 2"));
  CHECK(result_read(last, "d") == "(none)");
  CHECK(last.request->tools.empty());
}

TEST_CASE("a turn that has used up its tokens or its money fails, saying of what") {
  auto agent = rig_agent();
  agent.limits.tokens = 150;
  loop_rig rig{{agent}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.calls({{"a", "look_up", "{}"}});
  const auto tokens = rig.only<end_turn>(rig.result("a", std::string(500, 'x'))).result;
  CHECK(tokens.failure->code == errc::budget_exceeded);
  CHECK(is_about(tokens.failure->context, "tokens"));

  agent.limits = {.cost_micro = 10};
  loop_rig paid{{agent}};
  CHECK(paid.only<order_model>(paid.begin("x")).cost_left_micro == 10);
  chat_reply wants;
  wants.message.tool_calls = {{"a", "look_up", "{}"}};
  (void)paid.reply(wants, 10);
  const auto money = paid.only<end_turn>(paid.result("a", "1")).result;
  CHECK(money.failure->code == errc::budget_exceeded);
  CHECK(money.cost_micro == 10);
}

TEST_CASE("a tool that needs a person's word waits without holding anything") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto both = rig.calls({{"a", "launch", "{}"}, {"b", "save", "{}"}});
  CHECK(rig.only<run_tool>(both).tool == "save");
  CHECK(rig.approvals == std::vector<std::string>{"turn1.1.0"});
  CHECK(rig.count<pause_turn>(both) == 0);
  rig.at.now += 20s;
  const auto paused = rig.result("b", "saved");
  const auto waits = rig.only<pause_turn>(paused).result;
  CHECK(waits.state == turn_state::needs_approval);
  REQUIRE(waits.approvals.size() == 1);
  CHECK(waits.approvals[0].call.name == "launch");
  CHECK(rig.only<set_deadline>(paused).at == time_point::max());
  CHECK(rig.loop->is_idle());
  CHECK(rig.loop->is_open());

  rig.at.now += 24h * 30;
  rig.at.wall += 30LL * 24 * 3'600'000;
  rig.restart();
  CHECK(rig.count<pause_turn>(rig.perform(rig.loop->resume(rig.at))) == 1);
  CHECK_FALSE(rig.loop->on_approval("turn1.1.1", {.allowed = true}, rig.at));
  auto allowed = rig.loop->on_approval("turn1.1.0", {.allowed = true}, rig.at);
  REQUIRE(allowed);
  const auto ran = rig.perform(std::move(*allowed));
  CHECK(rig.only<run_tool>(ran).key == "turn1.1.0");
  CHECK(rig.only<set_deadline>(ran).at == rig.at.now + 120s);
  CHECK(rig.approvals.empty());
  CHECK_FALSE(rig.loop->on_approval("turn1.1.0", {.allowed = true}, rig.at));
  (void)rig.only<order_model>(rig.result("a", "launched"));
  CHECK(rig.only<end_turn>(rig.says("done")).result.state == turn_state::answered);
  CHECK(rig.replays_alike());
}

TEST_CASE("the model reads why a person did not allow a call") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.only<pause_turn>(rig.calls({{"a", "launch", "{}"}}));
  const auto next = rig.perform(
      rig.loop->on_approval("turn1.1.0", {.reason = "not on a Friday"}, rig.at).value());
  CHECK(rig.count<run_tool>(next) == 0);
  CHECK(is_about(result_read(rig.only<order_model>(next), "a"), "not on a Friday"));
}

TEST_CASE("the caller's own tools end the turn, and their results begin the next") {
  loop_rig rig{{rig_agent()}};
  const auto order = rig.only<order_model>(rig.begin("x", {.client_tools = {{.name = "theirs"}}}));
  REQUIRE(order.request->tools.size() == 1);
  CHECK(order.passes_calls);
  const auto end =
      rig.only<end_turn>(rig.calls({{"c1", "theirs", "{oops"}, {"c2", "theirs", "{}"}})).result;
  CHECK(end.state == turn_state::calls_client);
  REQUIRE(end.calls.size() == 2);
  CHECK(end.calls[0].arguments == "{oops");
  rig.restart();
  const auto next = rig.only<order_model>(rig.begin(
      turn_request{.agent = "main",
                   .messages = {{.role = chat_role::tool, .content = "one", .tool_call_id = "c1"}},
                   .client_tools = {{.name = "theirs"}}}));
  CHECK(is_paired(next.request->messages));
  CHECK(result_read(next, "c1") == "one");
  CHECK(is_about(result_read(next, "c2"), "no result"));
  CHECK(rig.replays_alike());
}

TEST_CASE("another agent is asked as a tool") {
  auto agent = rig_agent();
  agent.agents = {"expert"};
  loop_rig rig{{agent}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto asked =
      rig.only<ask_agent>(rig.calls({{"a", "ask_expert", R"({"question":"why?"})"}}));
  CHECK(asked.agent == "expert");
  CHECK(asked.question == "why?");
  CHECK(asked.key == "turn1.1.0");
  const auto next = rig.perform(rig.loop->on_tool_end(
      "a", {.output = std::string{"because"}, .usage = {.prompt = 7}, .cost_micro = 3}, rig.at));
  CHECK(result_read(rig.only<order_model>(next), "a") == "because");
  const auto end = rig.only<end_turn>(rig.says("done")).result;
  CHECK(end.usage.prompt == 207);
  CHECK(end.cost_micro == 3);
}

TEST_CASE("an agent in C++ is not asked again after a crash, because it may have acted") {
  auto agent = rig_agent();
  agent.agents = {"expert"};
  loop_rig rig{{agent}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.only<ask_agent>(rig.calls({{"a", "ask_expert", R"({"question":"why?"})"}}));
  rig.restart();
  const auto resumed = rig.perform(rig.loop->resume(rig.at));
  CHECK(rig.count<ask_agent>(resumed) == 0);
  CHECK(is_about(result_read(rig.only<order_model>(resumed), "a"), "may or may not"));
}

TEST_CASE("a hand-over keeps the conversation and the deadline, and changes who answers") {
  auto first = rig_agent();
  first.handovers = {"second"};
  auto second = rig_agent("second");
  second.instructions = "You are second.";
  loop_rig rig{{first, second}};
  (void)rig.only<order_model>(rig.begin("x"));
  rig.at.now += 10s;
  const auto handed = rig.calls({{"a", "hand_over_to_second", "{}"}});
  CHECK(rig.only<hand_over>(handed).agent == "second");
  CHECK(rig.stored_agent == "second");
  const auto order = rig.only<order_model>(handed);
  CHECK(order.agent == "second");
  CHECK(order.request->messages[0].content == "You are second.");
  CHECK(order.deadline == rig.at.now + 110s);
  CHECK(is_paired(order.request->messages));
  rig.restart();
  CHECK(rig.only<order_model>(rig.perform(rig.loop->resume(rig.at))).agent == "second");
  CHECK(rig.only<end_turn>(rig.says("done")).result.agent == "second");
  CHECK(rig.replays_alike());
}

TEST_CASE("a turn goes on after a crash in the middle of its tools") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto ran = rig.calls({{"a", "pay", R"({"to":1})"}, {"b", "save", "{}"}});
  std::vector<run_tool> before;
  for (const auto& action : ran) {
    if (const auto* const run = std::get_if<run_tool>(&action))
      before.push_back(*run);
  }
  (void)rig.result("b", "saved");
  rig.restart();
  const auto again = rig.only<run_tool>(rig.perform(rig.loop->resume(rig.at)));
  CHECK(again.key == before.at(0).key);
  CHECK(again.arguments == before.at(0).arguments);
  const auto order = rig.only<order_model>(rig.result("a", "paid"));
  CHECK(result_read(order, "a") == "paid");
  CHECK(result_read(order, "b") == "saved");
}

TEST_CASE("a turn whose time was over while nobody worked on it ends, and its calls say so") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.calls({{"a", "pay", "{}"}});
  rig.restart();
  rig.at.wall += 120'000;
  const auto end = rig.only<end_turn>(rig.perform(rig.loop->resume(rig.at))).result;
  CHECK(end.failure->code == errc::deadline_exceeded);
  const auto next = rig.only<order_model>(rig.begin("and?"));
  CHECK(is_paired(next.request->messages));
  CHECK(is_about(result_read(next, "a"), "may or may not have happened"));
}

TEST_CASE("a cancel in the middle of tools ends the turn at once, and stops them") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.calls({{"a", "pay", "{}"}});
  const auto ended = rig.perform(rig.loop->on_cancel("Ctrl-C", rig.at));
  CHECK(rig.only<stop_tool>(ended).call == "a");
  CHECK(rig.only<end_turn>(ended).result.state == turn_state::cancelled);
  CHECK(rig.result("a", "late").empty());
  CHECK(rig.replays_alike());
}

TEST_CASE("what the caller insists on counts for the first call of a tool only") {
  loop_rig rig{{rig_agent()}};
  const auto first =
      rig.only<order_model>(rig.begin("x", {.choice = {tool_choice_mode::required, {}}}));
  CHECK(first.request->choice.mode == tool_choice_mode::required);
  (void)rig.calls({{"a", "look_up", "{}"}});
  CHECK(rig.only<order_model>(rig.result("a", "1")).request->choice.mode ==
        tool_choice_mode::automatic);
}

TEST_CASE("a cached answer is kept when all its tools were pure, and only then") {
  auto agent = rig_agent();
  agent.cache = true;
  for (const auto* const tool : {"look_up", "save"}) {
    loop_rig rig{{agent}};
    const auto key = rig.only<ask_cache>(rig.begin("x")).key;
    (void)rig.only<order_model>(
        rig.perform(rig.loop->on_cache({.key = key, .outcome = "miss"}, rig.at)));
    (void)rig.calls({{"a", tool, "{}"}});
    (void)rig.only<order_model>(rig.result("a", "1"));
    const auto kept = rig.only<fill_cache>(rig.says("done")).value;
    CHECK(kept.empty() == (std::string_view{tool} == "save"));
  }
}

TEST_CASE("old turns are summarised when they do not fit any more") {
  auto agent = rig_agent();
  agent.context = {.policy = context_policy::summarise, .tokens = 2'048, .reserve = 256};
  loop_rig rig{{agent}};
  auto order = rig.only<order_model>(rig.begin("0 " + std::string(1'500, 'q')));
  int turns = 1;
  while (order.request->messages[0].content == "Be brief.") {
    REQUIRE(turns < 20);
    (void)rig.says("answer " + std::to_string(turns));
    order = rig.only<order_model>(rig.begin(std::to_string(turns) + " " + std::string(1'500, 'q')));
    ++turns;
  }
  CHECK_FALSE(order.stream);
  CHECK(is_about(order.request->messages[1].content, "user: 0 qqq"));
  const auto next = rig.only<order_model>(rig.says("They said q."));
  CHECK(is_about(next.request->messages[0].content, "They said q."));
  CHECK(next.request->messages[1].role == chat_role::user);
  CHECK(rig.history.entries().size() < 2 * static_cast<std::size_t>(turns) - 4);
  CHECK(rig.only<end_turn>(rig.says("fine")).result.text == "fine");
  CHECK(rig.replays_alike());
}
