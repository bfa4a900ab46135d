// Tasks that other actors run: agents, and other nodes.

#include "tests/actors/tasks_fixture.hpp"

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

/// Notes what the dispatcher forwards.
struct fake_cluster {
  struct forwarded {
    std::string node;
    task_id id;
    std::uint32_t attempt;
    task_request request;
  };

  actors::cluster_actor who;
  std::vector<forwarded> seen;
  std::vector<task_id> cancelled;
};

class routes_fixture : public tasks_fixture {
public:
  /// An agent that answers "NAME: question"; "crash" makes it throw, "forget" never answer.
  actors::agent_actor add_agent(const std::string& name) {
    auto agent =
        spawn([name](actors::agent_actor::pointer self) -> actors::agent_actor::behavior_type {
          actors::set_quiet_handlers(self);
          return {[name, self](actors::ask_atom,
                               const agent_question& asked) -> caf::result<agent_answer> {
            if (asked.question == "crash")
              throw std::runtime_error{"agent bug"};
            if (asked.question == "refuse")
              return actors::to_caf_error({errc::tool_failed, "will not say"});
            if (asked.question == "forget")
              return self->make_response_promise<agent_answer>();
            return agent_answer{.text = name + ": " + asked.question};
          }};
        });
    publish_as("agents/" + name, agent);
    return agent;
  }

  void start_with_agent() { start({}, {.agents = {{"documents", "Answers."}}}); }

  static std::string question(const std::string& text) { return "{\"question\":\"" + text + "\"}"; }

  std::shared_ptr<fake_cluster> add_cluster() {
    auto made = std::make_shared<fake_cluster>();
    // Untyped: the rest of the interface is between nodes and none of the dispatcher's business.
    auto cluster = spawn([made](caf::event_based_actor* self) -> caf::behavior {
      using namespace libagent::actors;
      set_quiet_handlers(self);
      return {
          [made](forward_atom, const std::string& node, const task_id& id, std::uint32_t attempt,
                 const task_request& asked) { made->seen.push_back({node, id, attempt, asked}); },
          [made](cancel_atom, const task_id& id, const std::string&) {
            made->cancelled.push_back(id);
          }};
    });
    made->who = caf::actor_cast<actors::cluster_actor>(cluster);
    publish_as(actors::cluster_path, made->who);
    return made;
  }

  void peer_up(const std::string& node, const std::string& tool_name,
               effects what = effects::idempotent) {
    const tool_info offered{.name = tool_name,
                            .description = "Elsewhere.",
                            .tool_lane = lane::batch,
                            .tool_effects = what,
                            .timeout_ms = 5'000};
    ask<void>(dispatcher, actors::peer_up_atom_v,
              actors::node_offer{.node = node, .version = "1", .tools = {offered}});
  }

  void peer_down(const std::string& node) { ask<void>(dispatcher, actors::peer_down_atom_v, node); }

  void answer(const fake_cluster::forwarded& what, std::string result) {
    caf::anon_send<caf::message_priority::high>(
        dispatcher, actors::done_atom_v, what.id, what.attempt,
        actors::work_outcome{.result = raw_json{std::move(result)}, .failure = {}});
    run();
  }
};

}  // namespace

TEST_CASE_METHOD(routes_fixture, "a task for an agent asks the agent", "[dispatcher]") {
  start_with_agent();
  add_agent("documents");
  const auto ended = run_task("agent:documents", question("why?"));
  CHECK(ended.state == task_state::succeeded);
  CHECK(ended.result->text.find("documents: why?") != std::string::npos);
  const auto refused = run_task("agent:documents", question("refuse"));
  CHECK(refused.failure == error{errc::tool_failed, "will not say"});
}

TEST_CASE_METHOD(routes_fixture, "bad arguments for an agent are refused with their path",
                 "[dispatcher]") {
  start_with_agent();
  add_agent("documents");
  const auto refused = ask_expected<task_record>(dispatcher, actors::submit_atom_v,
                                                 request("agent:documents", "{\"question\":7}"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
  CHECK(refused.error().context.find("/question") != std::string::npos);
  const auto unknown = ask_expected<task_record>(dispatcher, actors::submit_atom_v,
                                                 request("agent:document", question("why?")));
  CHECK(unknown.error().context.find("did you mean \"agent:documents\"") != std::string::npos);
}

TEST_CASE_METHOD(routes_fixture, "a task waits for an agent that is restarting", "[dispatcher]") {
  start_with_agent();
  auto answer = begin_ask<task_record>(dispatcher, actors::run_atom_v,
                                       request("agent:documents", question("why?")));
  run();
  advance(1s);
  CHECK_FALSE(answer.arrived());
  add_agent("documents");
  advance(50ms);
  CHECK(answer.get()->state == task_state::succeeded);
  CHECK(answer.get()->attempt == 1);
}

TEST_CASE_METHOD(routes_fixture, "an agent that never comes back costs the task its time limit",
                 "[dispatcher]") {
  start_with_agent();
  auto asked = request("agent:documents", question("why?"));
  asked.timeout = 500ms;
  auto answer = begin_ask<task_record>(dispatcher, actors::run_atom_v, asked);
  run();
  advance(510ms);
  CHECK(answer.get()->state == task_state::expired);
}

TEST_CASE_METHOD(routes_fixture,
                 "a question that kills its agent fails, the others go to the next incarnation",
                 "[dispatcher]") {
  start_with_agent();
  auto agent = add_agent("documents");
  auto fatal = begin_ask<task_record>(dispatcher, actors::run_atom_v,
                                      request("agent:documents", question("crash")));
  auto innocent = begin_ask<task_record>(dispatcher, actors::run_atom_v,
                                         request("agent:documents", question("why?")));
  run();
  CHECK_FALSE(is_alive(agent));
  CHECK(fatal.get()->state == task_state::failed);
  CHECK(fatal.get()->failure->context.find("agent bug") != std::string::npos);
  CHECK_FALSE(innocent.arrived());
  add_agent("documents");
  advance(50ms);
  CHECK(innocent.get()->state == task_state::succeeded);
  CHECK(innocent.get()->attempt == 1);
}

TEST_CASE_METHOD(routes_fixture,
                 "a question that its agent forgets to answer ends dead, not silent",
                 "[dispatcher]") {
  start_with_agent();
  add_agent("documents");
  const auto ended = run_task("agent:documents", question("forget"));
  CHECK(ended.state == task_state::dead);
  CHECK(ended.attempt == 3);
  CHECK(ended.failure->code == errc::unavailable);
}

TEST_CASE_METHOD(routes_fixture, "a tool that only another node has runs there", "[dispatcher]") {
  start({});
  auto cluster = add_cluster();
  peer_up("b", "remote");
  const auto id = submit("remote", "[1]");
  REQUIRE(cluster->seen.size() == 1);
  CHECK(cluster->seen[0].node == "b");
  CHECK(cluster->seen[0].request.arguments == raw_json{"[1]"});
  CHECK(cluster->seen[0].request.timeout == 5'000ms);
  CHECK(lookup(id).state == task_state::running);
  CHECK(lookup(id).task_lane == lane::batch);
  CHECK(lookup(id).node == "b");
  answer(cluster->seen[0], "2");
  CHECK(lookup(id).result == raw_json{"2"});
  CHECK(lookup(id).node == "b");
  const auto tools =
      ask<std::vector<tool_info>>(dispatcher, actors::list_atom_v, actors::ready_atom_v);
  REQUIRE(tools.size() == 1);
  CHECK(tools[0].name == "remote");
}

TEST_CASE_METHOD(routes_fixture, "when a node is lost, its tasks end at once and name it",
                 "[dispatcher]") {
  start({});
  auto cluster = add_cluster();
  peer_up("b", "remote");
  auto answer = begin_ask<task_record>(dispatcher, actors::run_atom_v, request("remote", "{}"));
  run();
  peer_down("b");
  CHECK(answer.get()->state == task_state::failed);
  CHECK(answer.get()->failure->code == errc::unavailable);
  CHECK(answer.get()->failure->context.find("node b was lost") != std::string::npos);
  CHECK(ask_expected<task_record>(dispatcher, actors::submit_atom_v, request("remote", "{}"))
            .error()
            .code == errc::not_found);
}

TEST_CASE_METHOD(routes_fixture, "a lost node's tasks are run by another that can",
                 "[dispatcher]") {
  start({});
  auto cluster = add_cluster();
  peer_up("b", "remote");
  const auto id = submit("remote", "{}");
  peer_up("c", "remote");
  peer_down("b");
  REQUIRE(cluster->seen.size() == 2);
  CHECK(cluster->seen[1].node == "c");
  CHECK(cluster->seen[1].attempt == 2);
  answer(cluster->seen[0], "\"from the lost node\"");
  CHECK(lookup(id).state == task_state::running);
  answer(cluster->seen[1], "\"from c\"");
  CHECK(lookup(id).result == raw_json{"\"from c\""});
}

TEST_CASE_METHOD(routes_fixture, "a remote tool with effects is not run on a second node",
                 "[dispatcher]") {
  start({});
  auto cluster = add_cluster();
  peer_up("b", "remote", effects::once);
  const auto id = submit("remote", "{}");
  peer_up("c", "remote", effects::once);
  peer_down("b");
  CHECK(cluster->seen.size() == 1);
  CHECK(lookup(id).state == task_state::dead);
  CHECK(lookup(id).failure->code == errc::unavailable);
}

TEST_CASE_METHOD(routes_fixture, "cancel and expiry are passed on to the other node",
                 "[dispatcher]") {
  start({});
  auto cluster = add_cluster();
  peer_up("b", "remote");
  const auto first = submit("remote", "{}");
  cancel(first);
  run();
  CHECK(cluster->cancelled == std::vector{first});
  const auto second = submit("remote", "{}");
  advance(5'000ms);
  CHECK(lookup(second).state == task_state::expired);
  CHECK(cluster->cancelled == std::vector{first, second});
}

TEST_CASE_METHOD(routes_fixture, "a cluster actor that dies takes its nodes' tasks with it",
                 "[dispatcher]") {
  start({});
  auto cluster = add_cluster();
  peer_up("b", "remote");
  const auto id = submit("remote", "{}");
  actors::urgent_exit(cluster->who, caf::exit_reason::kill);
  run();
  CHECK(lookup(id).state == task_state::failed);
  CHECK(lookup(id).failure->context.find("node b") != std::string::npos);
}
