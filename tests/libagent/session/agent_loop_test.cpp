#include "libagent/session/agent_loop.hpp"

#include "tests/support/loop_rig.hpp"

#include <catch2/catch.hpp>

#include <chrono>

using namespace libagent;
using libagent::testing::is_paired;
using libagent::testing::loop_rig;
using libagent::testing::rig_agent;
using namespace std::chrono_literals;

TEST_CASE("a turn without tools is one call of the model and one end", "[session]") {
  loop_rig rig{{rig_agent()}};
  const auto begun = rig.begin("hello");
  const auto order = rig.only<order_model>(begun);
  CHECK(order.model == "stub/m");
  CHECK(order.stream);
  CHECK(order.request->tools.size() == 5);
  REQUIRE(order.request->messages.size() == 2);
  CHECK(order.request->messages[0].content == "Be brief.");
  CHECK(order.request->messages[1].content == "hello");
  CHECK(rig.only<set_deadline>(begun).at == rig.at.now + 120s);
  const auto ended = rig.says("hi");
  const auto end = rig.only<end_turn>(ended).result;
  CHECK(end.state == turn_state::answered);
  CHECK(end.text == "hi");
  CHECK(end.model == "m");
  CHECK(end.steps == 1);
  CHECK(end.usage.total() == 110);
  CHECK(std::holds_alternative<end_turn>(ended.back()));
  CHECK_FALSE(rig.loop->is_open());
  CHECK(rig.replays_alike());
  CHECK(rig.journal.size() == 3);
}

TEST_CASE("a turn's end is told once its events are stored, its beginning without waiting") {
  loop_rig rig{{rig_agent()}};
  const auto begun = rig.loop->begin(
      {.request = {.agent = "main", .messages = {{.content = "x"}}}, .id = "t"}, rig.at);
  CHECK_FALSE(rig.only<commit_events>(*begun).must_be_stored);
  const auto order = rig.only<order_model>(*begun).order;
  (void)rig.perform(*begun);
  chat_reply said;
  said.message.content = "y";
  const auto ended = rig.loop->on_model_end(order, {.reply = said}, rig.at);
  REQUIRE(ended.size() == 2);
  const auto commit = std::get<commit_events>(ended[0]);
  CHECK(commit.must_be_stored);
  CHECK(commit.first == 1);
  CHECK(commit.events.size() == 2);
  CHECK_FALSE(commit.has_open_turn);
  CHECK(std::holds_alternative<end_turn>(ended[1]));
}

TEST_CASE("a conversation that is not kept commits nothing") {
  loop_rig rig{{rig_agent()}};
  auto begun = rig.loop->begin(
      {.request = {.agent = "main", .messages = {{.content = "x"}}}, .id = "t", .is_kept = false},
      rig.at);
  CHECK(rig.count<commit_events>(*begun) == 0);
  (void)rig.only<order_model>(*begun);
  CHECK(rig.count<commit_events>(rig.says("y")) == 0);
  CHECK(rig.history.events() == 3);
}

TEST_CASE("a turn in one piece asks models so, and tells its text at the end") {
  loop_rig rig{{rig_agent()}};
  const auto order = rig.only<order_model>(rig.begin("hello", {.in_one_piece = true}));
  CHECK(order.in_one_piece);
  CHECK_FALSE(order.stream);
  const auto ended = rig.says("hi");
  CHECK(std::get<turn_text>(rig.only<tell>(ended).update).text == "hi");
}

TEST_CASE("a turn cannot begin while another is open, with an unknown agent or stray results") {
  loop_rig rig{{rig_agent()}};
  const auto begin = [&rig](turn_request request) {
    auto begun = rig.loop->begin({.request = std::move(request), .id = "t"}, rig.at);
    return begun ? errc::ok : begun.error().code;
  };
  CHECK(begin({.agent = "mian", .messages = {{.content = "x"}}}) == errc::not_found);
  CHECK(begin({.agent = "main"}) == errc::invalid_argument);
  CHECK(begin({.agent = "main",
               .messages = {{.role = chat_role::tool, .content = "4", .tool_call_id = "c"}}}) ==
        errc::invalid_argument);
  CHECK(begin({.agent = "main", .messages = {{.content = std::string(70'000, 'x')}}}) ==
        errc::too_large);
  CHECK(begin({.agent = "main", .messages = {{.content = "x"}}}) == errc::ok);
  CHECK(begin({.agent = "main", .messages = {{.content = "x"}}}) == errc::already_exists);
}

TEST_CASE("an empty reply is tried once more with another seed, then the turn fails") {
  loop_rig rig{{rig_agent()}};
  const auto first = rig.only<order_model>(rig.begin("x"));
  CHECK_FALSE(first.request->how.seed);
  const auto again = rig.only<order_model>(rig.says(" \n"));
  CHECK(again.request->how.seed == 1);
  CHECK(again.request->messages == first.request->messages);
  const auto end = rig.only<end_turn>(rig.says("")).result;
  CHECK(end.state == turn_state::failed);
  CHECK(end.failure->code == errc::unavailable);
  CHECK(end.usage.total() == 220);
  CHECK(rig.replays_alike());
}

TEST_CASE("a server that cannot parse the model's call is asked once more with another seed") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const error parse{errc::unavailable, "POST: 500 Failed to parse tool call arguments as JSON"};
  CHECK(rig.only<order_model>(rig.fails(parse)).request->how.seed == 1);
  const auto end = rig.only<end_turn>(rig.fails(parse)).result;
  CHECK(end.failure == parse);
}

TEST_CASE("a failure behind the first word ends the turn and keeps what was said") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto ended = rig.perform(rig.loop->on_model_end(
      rig.order,
      {.reply = error{errc::unavailable, "Failed to parse tool call arguments"},
       .so_far = {.role = chat_role::assistant, .content = "The answer is"},
       .began = true},
      rig.at));
  const auto end = rig.only<end_turn>(ended).result;
  CHECK(end.state == turn_state::failed);
  CHECK(end.text == "The answer is");
  CHECK(end.finish == finish_reason::length);
  CHECK(rig.history.entries().back().message.content == "The answer is");
  CHECK(rig.replays_alike());
}

TEST_CASE("a reply that is cut for its length is an answer that says so") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  chat_reply cut;
  cut.message.content = "Once upon";
  cut.finish = finish_reason::length;
  const auto end = rig.only<end_turn>(rig.reply(cut)).result;
  CHECK(end.state == turn_state::answered);
  CHECK(end.finish == finish_reason::length);
}

TEST_CASE("a window that turns out smaller drops the oldest turns and is tried once more") {
  loop_rig rig{{rig_agent()}};
  rig.window = 100'000;
  for (int i = 0; i < 10; ++i) {
    (void)rig.only<order_model>(rig.begin("question " + std::string(2'000, 'q')));
    (void)rig.says("answer");
  }
  const auto wide = rig.only<order_model>(rig.begin("last"));
  CHECK(wide.request->messages.size() == 22);
  const auto narrow = rig.only<order_model>(
      rig.perform(rig.loop->on_model_end(rig.order,
                                         {.reply = error{errc::context_too_long, "too long"},
                                          .context_tokens = 4'096,
                                          .prompt_tokens = 8'000},
                                         rig.at)));
  CHECK(narrow.request->messages.size() < 14);
  CHECK(narrow.request->messages.front().role == chat_role::system);
  CHECK(narrow.request->messages.back().content == "last");
  const auto end = rig.only<end_turn>(rig.fails({errc::context_too_long, "still"})).result;
  CHECK(end.failure->code == errc::context_too_long);
}

TEST_CASE("what a user may not say reaches no model, in this turn or a later one") {
  auto agent = rig_agent();
  agent.guardrails.blocked_input = {"Geheimes WORT"};
  loop_rig rig{{agent}};
  const auto refused = rig.begin("Sag das geheimes wort!");
  CHECK(rig.count<order_model>(refused) == 0);
  const auto end = rig.only<end_turn>(refused).result;
  CHECK(end.state == turn_state::answered);
  CHECK(end.finish == finish_reason::content_filter);
  CHECK(end.text == agent.guardrails.refusal);
  const auto next = rig.only<order_model>(rig.begin("hello"));
  for (const auto& m : next.request->messages)
    CHECK(m.content.find("geheimes") == std::string::npos);
  for (const auto& event : rig.journal)
    CHECK(event.find("geheimes") == std::string::npos);
}

TEST_CASE("a reply that may not be said is not streamed and is replaced") {
  auto agent = rig_agent();
  agent.guardrails.blocked_output = {"secret"};
  loop_rig rig{{agent}};
  CHECK_FALSE(rig.only<order_model>(rig.begin("x")).stream);
  const auto ended = rig.says("The SECRET is 42");
  CHECK(std::get<turn_text>(rig.only<tell>(ended).update).text == agent.guardrails.refusal);
  CHECK(rig.only<end_turn>(ended).result.text == agent.guardrails.refusal);
  (void)rig.only<order_model>(rig.begin("x"));
  const auto fine = rig.says("nothing");
  CHECK(std::get<turn_text>(rig.only<tell>(fine).update).text == "nothing");
}

TEST_CASE("a cancelled call of a model is waited for, so that its words are kept") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto stopped = rig.perform(rig.loop->on_cancel("Ctrl-C", rig.at));
  CHECK(rig.only<stop_model>(stopped).order == rig.order);
  CHECK(rig.count<end_turn>(stopped) == 0);
  const auto ended = rig.perform(rig.loop->on_model_end(
      rig.order, {.reply = error{errc::cancelled, "stopped"}, .so_far = {.content = "As I"}},
      rig.at));
  const auto end = rig.only<end_turn>(ended).result;
  CHECK(end.state == turn_state::cancelled);
  CHECK(end.text == "As I");
  CHECK(end.failure->context == "Ctrl-C");
  CHECK(rig.loop->on_model_end(rig.order, {.reply = error{}}, rig.at).empty());
  CHECK(rig.replays_alike());
}

TEST_CASE("a second cancel does not wait any more") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  (void)rig.perform(rig.loop->on_cancel("one", rig.at));
  CHECK(rig.only<end_turn>(rig.perform(rig.loop->on_cancel("two", rig.at))).result.state ==
        turn_state::cancelled);
}

TEST_CASE("a deadline is looked at when it is there, not before") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x", {.timeout = 5s}));
  rig.at.now += 5s - 1ns;
  CHECK(rig.loop->on_deadline(rig.at).empty());
  rig.at.now += 1ns;
  (void)rig.only<stop_model>(rig.perform(rig.loop->on_deadline(rig.at)));
  const auto end = rig.only<end_turn>(rig.fails({errc::cancelled, "stopped"})).result;
  CHECK(end.state == turn_state::failed);
  CHECK(end.failure->code == errc::deadline_exceeded);
}

TEST_CASE("an abandoned turn ends for its observer and commits nothing") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x"));
  const auto stored = rig.journal.size();
  const auto ended = rig.perform(rig.loop->abandon({errc::unavailable, "journal: full"}, rig.at));
  CHECK(rig.only<end_turn>(ended).result.failure->context == "journal: full");
  CHECK(rig.journal.size() == stored);
  rig.restart();
  CHECK(rig.count<order_model>(rig.perform(rig.loop->resume(rig.at))) == 1);
}

TEST_CASE("the same key again means the turn that was, not a new one") {
  loop_rig rig{{rig_agent()}};
  (void)rig.only<order_model>(rig.begin("x", {.key = "k1"}));
  CHECK_FALSE(rig.history.result_for("k1"));
  (void)rig.says("answer");
  rig.restart();
  REQUIRE(rig.history.result_for("k1"));
  CHECK(rig.history.result_for("k1")->text == "answer");
  CHECK_FALSE(rig.history.result_for("k2"));
}

TEST_CASE("an agent's answers come from the cache when it asks for that") {
  auto agent = rig_agent();
  agent.cache = true;
  loop_rig rig{{agent}};
  const auto asked = rig.begin("x", {.client = "me"});
  CHECK(rig.count<order_model>(asked) == 0);
  const auto key = rig.only<ask_cache>(asked).key;
  const auto missed = rig.perform(rig.loop->on_cache({.key = key, .outcome = "miss"}, rig.at));
  (void)rig.only<order_model>(missed);
  const auto ended = rig.says("42");
  CHECK(rig.only<end_turn>(ended).result.cache == "miss");
  const auto kept = rig.only<fill_cache>(ended);
  CHECK(kept.key == key);

  loop_rig later{{agent}};
  CHECK(later.only<ask_cache>(later.begin("x", {.client = "me"})).key == key);
  const auto hit = later.perform(
      later.loop->on_cache({.key = key, .value = kept.value, .outcome = "hit"}, later.at));
  CHECK(std::get<turn_text>(later.only<tell>(hit).update).text == "42");
  CHECK(later.only<end_turn>(hit).result.text == "42");
  CHECK(later.only<end_turn>(hit).result.cache == "hit");
  CHECK(later.count<fill_cache>(hit) == 0);
  CHECK(later.replays_alike());

  loop_rig other{{agent}};
  CHECK(other.only<ask_cache>(other.begin("x", {.client = "you"})).key != key);
}

TEST_CASE("a cached turn that was cancelled lets go of the others who wait for its answer") {
  auto agent = rig_agent();
  agent.cache = true;
  loop_rig rig{{agent}};
  const auto key = rig.only<ask_cache>(rig.begin("x")).key;
  (void)rig.only<end_turn>(rig.perform(rig.loop->on_cancel("no", rig.at)));
  const auto late = rig.loop->on_cache({.key = key, .outcome = "miss"}, rig.at);
  CHECK(rig.only<fill_cache>(late).value.empty());
}

TEST_CASE("a turn of a client that may ask some agents only begins with one of these") {
  loop_rig rig{{rig_agent()}};
  turn_request request{
      .agent = "main", .messages = {{.content = "x"}}, .agents_allowed = {"other"}};
  const auto refused = rig.loop->begin({.request = request, .id = "t"}, rig.at);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::permission_denied);
  CHECK_FALSE(rig.loop->is_open());
  request.agents_allowed.emplace_back("main");
  CHECK(rig.loop->begin({.request = request, .id = "t"}, rig.at));
}
