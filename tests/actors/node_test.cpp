#include "actors/node.hpp"

#include "actors/bridge/directory.hpp"
#include "libagent/record/json.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

using namespace libagent;
using namespace libagent::actors;
using namespace std::chrono_literals;

namespace {

struct node_text {
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, node_text& x) {
  return record(f, x, "node_text", field("text", "Some text.", x.text));
}

class echo_agent {
public:
  explicit echo_agent(agent_actor::pointer self) : self_{self} {}

  agent_actor::behavior_type make_behavior() {
    set_quiet_handlers(self_);
    return {[this](ask_atom, const agent_question& asked) -> caf::result<agent_answer> {
      if (asked.question == "die")
        throw std::runtime_error{"asked to"};
      auto promise = self_->make_response_promise<agent_answer>();
      run_tool(self_, {.target = "echo", .arguments = {to_json(node_text{asked.question})}},
               [promise](const expected<raw_json>& output) mutable {
                 if (output)
                   promise.deliver(agent_answer{.text = output->text, .model = "echo"});
                 else
                   promise.deliver(to_caf_error(output.error()));
               });
      return promise;
    }};
  }

  static inline const char* name = "echo_agent";

private:
  agent_actor::pointer self_;
};

std::shared_ptr<const tool_registry> node_tools() {
  auto tools = std::make_shared<tool_registry>();
  REQUIRE(tools->add({.name = "echo", .description = "Says it again."},
                     [](const node_text& in) { return in; }));
  REQUIRE(tools->add({.name = "long",
                      .description = "Waits to be stopped.",
                      .tool_lane = lane::batch,
                      .tool_isolation = isolation::thread},
                     [](const node_text& in, const tool_context& context) -> expected<node_text> {
                       std::mutex mutex;
                       std::condition_variable_any stopped;
                       std::unique_lock lock{mutex};
                       stopped.wait(lock, context.stop, [] { return false; });
                       (void)in;
                       return error{errc::cancelled, "long: stopped"};
                     }));
  REQUIRE(tools->add(
      {.name = "broken", .description = "Breaks a contract.", .tool_effects = effects::once},
      [](const node_text&) -> expected<node_text> {
        LIBAGENT_EXPECTS(2 + 2 == 5);
        return node_text{};
      }));
  return tools;
}

std::unique_ptr<node> started_node() {
  auto started =
      node::start({.handlers = 2, .blocking = 1, .workers = 1, .cache_shards = 2}, node_tools(),
                  {make_agent<echo_agent>("echo", "Repeats with a tool.")});
  REQUIRE(started);
  return *std::move(started);
}

task_request for_text(std::string target, const char* key, std::string text) {
  return {.target = std::move(target),
          .arguments = {"{\"" + std::string{key} + "\":\"" + std::move(text) + "\"}"},
          .timeout = 10s};
}

const supervision_node* child_of(const supervision_node& parent, std::string_view name) {
  const auto found = std::ranges::find(parent.children, name, &supervision_node::name);
  return found == parent.children.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a started node runs tools and agents, and shows its tree", "[node]") {
  auto running = started_node();
  const auto echoed = running->client().run(for_text("echo", "text", "hi"));
  REQUIRE(echoed);
  CHECK(echoed->state == task_state::succeeded);
  CHECK(echoed->result->text == R"({"text":"hi"})");

  const auto answered = running->client().run(for_text("agent:echo", "question", "hello"));
  REQUIRE(answered);
  CHECK(answered->state == task_state::succeeded);

  const auto tree = running->tree();
  REQUIRE(tree);
  const auto* tasks = child_of(*tree, "tasks");
  REQUIRE(tasks);
  CHECK(tasks->strategy == "rest_for_one");
  REQUIRE(child_of(*tasks, "handlers"));
  CHECK(child_of(*tasks, "handlers")->children.size() == 2);
  REQUIRE(child_of(*tree, "agents"));
  CHECK(child_of(*child_of(*tree, "agents"), "echo"));
  const auto stopped = running->stop(5s);
  CHECK(stopped.drained);
  CHECK(stopped.shut_down);
}

TEST_CASE("every actor of a node can be killed, and the node heals", "[node]") {
  auto running = started_node();
  const auto* path =
      GENERATE("cache", "cache/2", "tasks/dispatcher", "tasks/handlers/1", "tasks/blocking/1",
               "tasks/workers/1", "tasks/handlers", "agents/echo", "gateway");
  CAPTURE(path);
  const auto victim = find<caf::actor>(running->system(), path);
  REQUIRE(victim);
  urgent_exit(victim, caf::exit_reason::kill);
  // While it restarts a request may be refused, but it is always answered, and soon served.
  const auto limit = std::chrono::steady_clock::now() + 10s;
  bool served = false;
  while (!served && std::chrono::steady_clock::now() < limit) {
    const auto echoed = running->client().run(for_text("agent:echo", "question", "hello"));
    served = echoed && echoed->state == task_state::succeeded &&
             find<caf::actor>(running->system(), path) &&
             find<caf::actor>(running->system(), path) != victim;
  }
  CHECK(served);
}

TEST_CASE("whoever waits when the dispatcher dies is told, and the running tool is stopped",
          "[node]") {
  auto running = started_node();
  bool killed = false;
  const auto lost =
      running->client().run(for_text("long", "text", ""), {}, [&](const task_record& record) {
        if (record.state == task_state::running && !std::exchange(killed, true))
          urgent_exit(find<caf::actor>(running->system(), "tasks/dispatcher"),
                      caf::exit_reason::kill);
      });
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == errc::unavailable);
  // The only worker is free again, which it would not be if the tool had not been stopped.
  std::stop_source interrupt;
  const auto next = running->client().run(for_text("long", "text", ""), interrupt.get_token(),
                                          [&](const task_record& record) {
                                            if (record.state == task_state::running)
                                              interrupt.request_stop();
                                          });
  if (next) {
    CHECK(next->state == task_state::cancelled);
  } else {
    CHECK(next.error().code == errc::unavailable);
  }
}

TEST_CASE("a tool that breaks a contract ends its task and its actor, nothing else", "[node]") {
  auto running = started_node();
  const auto broken = running->client().run(for_text("broken", "text", ""));
  REQUIRE(broken);
  CHECK(broken->state == task_state::dead);
  REQUIRE(broken->failure);
  const auto echoed = running->client().run(for_text("echo", "text", "still here"));
  REQUIRE(echoed);
  CHECK(echoed->state == task_state::succeeded);
}

TEST_CASE("an agent that throws answers unavailable and is there again", "[node]") {
  auto running = started_node();
  const auto failed = running->client().run(for_text("agent:echo", "question", "die"));
  REQUIRE(failed);
  CHECK(failed->state != task_state::succeeded);
  const auto limit = std::chrono::steady_clock::now() + 10s;
  auto served = false;
  while (!served && std::chrono::steady_clock::now() < limit) {
    const auto asked = running->client().run(for_text("agent:echo", "question", "hello"));
    served = asked && asked->state == task_state::succeeded;
  }
  CHECK(served);
}

TEST_CASE("an interrupted client cancels its task", "[node]") {
  auto running = started_node();
  std::stop_source interrupt;
  const auto ended = running->client().run(for_text("long", "text", ""), interrupt.get_token(),
                                           [&](const task_record& record) {
                                             if (record.state == task_state::running)
                                               interrupt.request_stop();
                                           });
  REQUIRE(ended);
  CHECK(ended->state == task_state::cancelled);
}

TEST_CASE("a stop without grace ends a running tool over its stop token", "[node]") {
  auto running = started_node();
  std::atomic_flag started;
  std::jthread asker{[&] {
    (void)running->client().run(for_text("long", "text", ""), {}, [&](const task_record& record) {
      if (record.state == task_state::running && !started.test_and_set())
        started.notify_one();
    });
  }};
  started.wait(false);
  CHECK(running->stop(0ms).shut_down);
}
