#include "actors/sessions.hpp"

#include "tests/actors/sessions_fixture.hpp"

#include <stop_token>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("a turn calls the model, runs the tool it asks for, and answers", "[sessions]") {
  sessions_fixture f;
  f.model->add(calls("double", R"({"value":21})"));
  f.model->add(says("It is 42.").in_pieces_of(4));
  const auto heard = f.say("helper", "Double 21");
  f.advance(1s);
  REQUIRE(heard->end);
  CHECK(heard->end->state == turn_state::answered);
  CHECK(heard->end->text == "It is 42.");
  CHECK(heard->text == "It is 42.");
  CHECK(heard->tools == std::vector<std::string>{R"(double {"value":42})"});
  CHECK(heard->end->steps == 2);
  CHECK(f.runs == 1);
  CHECK(f.model->surprises().empty());
}

TEST_CASE("a conversation that is not kept ends with its turn", "[sessions]") {
  sessions_fixture f;
  f.model->add(says("Yes."));
  REQUIRE(f.say("helper", "Well?")->end);
  CHECK(f.ask<sessions_status>(f.sessions(), actors::status_atom_v).resident == 0);
}

TEST_CASE("an agent written in C++ has sessions and streams too", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  const auto first = f.say("echo", "one", "talk");
  REQUIRE(first->end);
  CHECK(first->text == "heard: ");
  CHECK(first->end->text.starts_with("heard: one"));
  const auto second = f.say("echo", "two", "talk");
  REQUIRE(second->end);
  const auto view = f.ask<session_view>(f.sessions(), actors::lookup_atom_v,
                                        session_name{.client = {}, .id = "talk"});
  CHECK(view.turns == 2);
  CHECK(view.messages.size() == 4);
}

TEST_CASE("a kept conversation goes on where it was, also after a crash", "[sessions]") {
  const auto store = std::make_shared<fake_session_store>();
  sessions_fixture f{store};
  f.model->add(says("Hello, Ada."));
  REQUIRE(f.say("helper", "I am Ada", "s1")->end);
  f.crash_sessions();
  f.start_sessions();
  f.model->add(says("Ada."));
  const auto heard = f.say("helper", "Who am I?", "s1");
  REQUIRE(heard->end);
  const auto requests = f.model->requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests.back().messages.size() == 4);  // instructions, two of the first turn, the new one
}

TEST_CASE("a turn that a crash cut short goes on by itself, with its tool run once more at most",
          "[sessions]") {
  const auto store = std::make_shared<fake_session_store>();
  sessions_fixture f{store};
  f.model->add(calls("double", R"({"value":1})"));
  f.model->add(hangs());
  const auto heard = f.say("helper", "Double 1", "s1");
  f.advance(1s);
  CHECK_FALSE(heard->end);
  f.crash_sessions();
  CHECK(heard->is_lost);
  f.model->add(says("Two."));
  f.start_sessions();
  f.advance(1s);
  const auto view = f.ask<session_view>(f.sessions(), actors::lookup_atom_v,
                                        session_name{.client = {}, .id = "s1"});
  CHECK_FALSE(view.turn_open);
  REQUIRE_FALSE(view.messages.empty());
  CHECK(view.messages.back().content == "Two.");
  CHECK(f.runs == 1);
}

TEST_CASE("the same key again is the same turn", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  f.model->add(says("Once."));
  REQUIRE(f.say("helper", "Go", "s1", "key-1")->end);
  const auto again = f.say("helper", "Go", "s1", "key-1");
  REQUIRE(again->end);
  CHECK(again->end->text == "Once.");
  CHECK(f.model->requests().size() == 1);
}

TEST_CASE("a second turn is refused while one is under way", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  f.model->add(hangs());
  const auto first = f.say("helper", "Think", "s1");
  const auto second = f.say("helper", "Hurry", "s1");
  REQUIRE(second->refused);
  CHECK(second->refused->code == errc::already_exists);
  CHECK_FALSE(first->end);
}

TEST_CASE("a stop request cancels the turn and keeps the session", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  f.model->add(hangs());
  std::stop_source stop;
  turn_request request{.agent = "helper", .session = "s1", .stop = stop.get_token()};
  request.messages.push_back({.role = chat_role::user, .content = "Think"});
  const auto heard = f.begin(std::move(request));
  stop.request_stop();
  f.advance(1s);
  REQUIRE(heard->end);
  CHECK(heard->end->state == turn_state::cancelled);
  f.model->add(says("Here."));
  const auto next = f.say("helper", "Still there?", "s1");
  REQUIRE(next->end);
  CHECK(next->end->text == "Here.");
}

TEST_CASE("a turn that passes its deadline ends", "[sessions]") {
  sessions_fixture f;
  f.model->add(hangs());
  turn_request request{.agent = "helper", .timeout = 500ms};
  request.messages.push_back({.role = chat_role::user, .content = "Think"});
  const auto heard = f.begin(std::move(request));
  f.advance(2s);
  REQUIRE(heard->end);
  CHECK(heard->end->state == turn_state::failed);
  REQUIRE(heard->end->failure);
  CHECK(heard->end->failure->code == errc::deadline_exceeded);
}

TEST_CASE("a tool that needs a person's word waits on disk and goes on when it is given",
          "[sessions]") {
  const auto store = std::make_shared<fake_session_store>();
  sessions_fixture f{store};
  f.model->add(calls("double", R"({"value":4})"));
  const auto heard = f.say("careful", "Double 4", "s1");
  f.advance(1s);
  REQUIRE(heard->end);
  CHECK(heard->end->state == turn_state::needs_approval);
  REQUIRE(heard->end->approvals.size() == 1);
  CHECK(f.runs == 0);
  const auto id = heard->end->approvals.front().id;

  f.crash_sessions();
  f.start_sessions();
  const auto stranger =
      f.ask_expected<session_name>(f.sessions(), actors::approve_atom_v, id,
                                   approval_decision{.allowed = true, .client = "somebody else"});
  REQUIRE_FALSE(stranger);
  CHECK(stranger.error().code == errc::not_found);

  f.model->add(says("Eight."));
  const auto decided = f.ask<session_name>(f.sessions(), actors::approve_atom_v, id,
                                           approval_decision{.allowed = true});
  CHECK(decided.id == "s1");
  f.advance(1s);
  CHECK(f.runs == 1);
  const auto view = f.ask<session_view>(f.sessions(), actors::lookup_atom_v,
                                        session_name{.client = {}, .id = "s1"});
  REQUIRE_FALSE(view.messages.empty());
  CHECK(view.messages.back().content == "Eight.");
}

TEST_CASE("sessions that nobody uses are left to the store, and come back", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>(), {.passivate_after = 1s}};
  f.model->add(says("One."));
  REQUIRE(f.say("helper", "Say one", "s1")->end);
  CHECK(f.ask<sessions_status>(f.sessions(), actors::status_atom_v).resident == 1);
  f.advance(3s);
  CHECK(f.ask<sessions_status>(f.sessions(), actors::status_atom_v).resident == 0);
  f.model->add(says("Two."));
  const auto heard = f.say("helper", "Say two", "s1");
  REQUIRE(heard->end);
  CHECK(f.model->requests().back().messages.size() == 4);
}

TEST_CASE("memory pressure passivates every idle session", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  f.model->add(says("One."));
  f.model->add(hangs());
  REQUIRE(f.say("helper", "Say one", "idle")->end);
  const auto busy = f.say("helper", "Think", "busy");
  f.ask<void>(f.sessions(), actors::pressure_atom_v, pressure_level::high);
  const auto status = f.ask<sessions_status>(f.sessions(), actors::status_atom_v);
  CHECK(status.resident == 1);
  CHECK(status.turns_open == 1);
  CHECK_FALSE(busy->end);
}

TEST_CASE("a store that fails ends the turn with its reason, and the session with what is stored",
          "[sessions]") {
  const auto store = std::make_shared<fake_session_store>();
  sessions_fixture f{store};
  store->fail_all(error{errc::unavailable, "no space left"});
  const auto heard = f.say("helper", "Say one", "s1");
  f.advance(10s);
  const bool is_told = heard->end || heard->refused || heard->is_lost;
  CHECK(is_told);
  store->fail_all(std::nullopt);
  f.model->add(says("One."));
  const auto next = f.say("helper", "Say one", "s1");
  f.advance(1s);
  REQUIRE(next->end);
  CHECK(next->end->text == "One.");
}

TEST_CASE("an agent with a cache answers equal questions once, for each client", "[sessions]") {
  sessions_fixture f;
  f.model->add(says("Forty-two."));
  const auto first = f.say("steady", "What is it?");
  REQUIRE(first->end);
  CHECK(first->end->cache == "miss");
  const auto again = f.say("steady", "What is it?");
  REQUIRE(again->end);
  CHECK(again->end->text == "Forty-two.");
  CHECK(again->end->cache == "hit");
  CHECK(again->text == "Forty-two.");
  CHECK(f.model->requests().size() == 1);

  f.model->add(says("Another."));
  turn_request other{.agent = "steady", .client = "somebody else"};
  other.messages.push_back({.role = chat_role::user, .content = "What is it?"});
  const auto theirs = f.begin(std::move(other));
  REQUIRE(theirs->end);
  CHECK(theirs->end->text == "Another.");
}

TEST_CASE("a reload reaches the next turn", "[sessions]") {
  sessions_fixture f;
  const std::vector<agent_declaration> others{
      {.name = "other", .description = "New.", .model = "scripted/any"}};
  f.ask<void>(f.sessions(), actors::reload_atom_v,
              agent_world_ptr{std::make_shared<const agent_world>(agent_world{
                  .tools = std::make_shared<const registry_catalog>(f.tools),
                  .agents = std::make_shared<const fixed_agents>(others, std::vector<agent_info>{}),
                  .windows = nullptr})});
  const auto gone = f.say("helper", "Hello");
  REQUIRE(gone->refused);
  CHECK(gone->refused->code == errc::not_found);
  f.model->add(says("I am new."));
  REQUIRE(f.say("other", "Hello")->end);
}

TEST_CASE("a task asks a declared agent by way of a session", "[sessions]") {
  sessions_fixture f;
  f.model->add(says("Done."));
  const auto dispatcher =
      actors::find<actors::dispatcher_actor>(f.system(), actors::dispatcher_path);
  const auto record = f.ask<task_record>(
      dispatcher, actors::run_atom_v,
      task_request{.target = "agent:helper", .arguments = {R"({"question":"Do it"})"}});
  REQUIRE(record.state == task_state::succeeded);
  REQUIRE(record.result);
  CHECK(record.result->text.find("Done.") != std::string::npos);
}

TEST_CASE("who took over answers from then on, also after a crash", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  f.model->add(calls("hand_over_to_helper", "{}"));
  f.model->add(says("I help."));
  const auto handed = f.say("greeter", "Help me", "s1");
  f.advance(1s);
  REQUIRE(handed->end);
  CHECK(handed->end->agent == "helper");

  f.crash_sessions();
  f.start_sessions();
  f.model->add(says("Still here."));
  const auto unnamed = f.say("", "And now?", "s1");
  REQUIRE(unnamed->end);
  CHECK(unnamed->end->agent == "helper");

  // Twice: what keeps a hand-over must not end it.
  for (int i = 0; i < 2; ++i) {
    f.model->add(says("Me again."));
    turn_request by_habit{.agent = "greeter", .keeps_handover = true, .session = "s1"};
    by_habit.messages.push_back({.role = chat_role::user, .content = "Go on"});
    const auto kept = f.begin(std::move(by_habit));
    REQUIRE(kept->end);
    CHECK(kept->end->agent == "helper");
  }
  f.model->add(says("Hello."));
  const auto named = f.say("greeter", "You, please", "s1");
  REQUIRE(named->end);
  CHECK(named->end->agent == "greeter");
}

TEST_CASE("a client that may ask some agents only cannot go on with another one", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  f.model->add(says("One."));
  REQUIRE(f.say("helper", "Say one", "s1")->end);
  const auto go_on = [&f](std::vector<std::string> allowed) {
    turn_request request{.session = "s1", .agents_allowed = std::move(allowed)};
    request.messages.push_back({.role = chat_role::user, .content = "More"});
    return f.begin(std::move(request));
  };
  const auto refused = go_on({"greeter", "steady"});
  REQUIRE(refused->refused);
  CHECK(refused->refused->code == errc::permission_denied);
  CHECK(f.model->requests().size() == 1);
  f.model->add(says("Two."));
  CHECK(go_on({"steady", "helper"})->end);
}

TEST_CASE("a turn that a lost keeper cut short goes on when there is a new one", "[sessions]") {
  sessions_fixture f{std::make_shared<fake_session_store>()};
  const session_name who{.client = {}, .id = "s1"};
  f.model->add(hangs());
  const auto heard = f.say("helper", "Think", "s1");
  f.lose_keeper();
  f.ask<void>(f.sessions(), actors::cancel_atom_v, who, std::string{"enough"});
  f.advance(1s);
  CHECK(heard->is_lost);  // its end could not be kept, and is not told
  f.model->add(says("Done."));
  f.start_keeper();
  f.advance(1s);
  const auto view = f.ask<session_view>(f.sessions(), actors::lookup_atom_v, who);
  CHECK_FALSE(view.turn_open);
  CHECK(view.messages.back().content == "Done.");
}
