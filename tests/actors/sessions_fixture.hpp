#pragma once

#include "actors/agent.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/cache.hpp"
#include "actors/model_gateway.hpp"
#include "actors/session_keeper.hpp"
#include "actors/sessions.hpp"
#include "actors/short_task_handler.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/ports/span_ring.hpp"
#include "libagent/testing/scripted_model.hpp"
#include "libagent/tools/agent_world.hpp"
#include "libagent/tools/tool_registry.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_session_store.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace libagent::testing {

struct doubled_number {
  double value = 0;
};

template <class Inspector>
bool inspect(Inspector& f, doubled_number& x) {
  return record(f, x, "doubled_number", field("value", "A number.", x.value));
}

/// What a turn told its observer.
struct heard_turn {
  std::string text;
  std::vector<std::string> tools;
  std::optional<turn_result> end;
  std::optional<error> refused;
  bool is_lost = false;
};

class noting_observer final : public turn_observer {
public:
  explicit noting_observer(std::shared_ptr<heard_turn> heard) : heard_{std::move(heard)} {}

  noting_observer(const noting_observer&) = delete;
  noting_observer& operator=(const noting_observer&) = delete;

  ~noting_observer() override { heard_->is_lost = !heard_->end && !heard_->refused; }

  void on_update(const turn_update& update) override {
    if (const auto* said = std::get_if<turn_text>(&update))
      heard_->text += said->text;
    if (const auto* ended = std::get_if<turn_tool_ended>(&update))
      heard_->tools.push_back(ended->call.name + " " + ended->output);
  }

  void on_end(const turn_result& result) override { heard_->end = result; }

  void on_refused(const error& why) override { heard_->refused = why; }

private:
  std::shared_ptr<heard_turn> heard_;
};

/// Says what it heard, and how much of the conversation it was shown.
class echoing_agent {
public:
  explicit echoing_agent(actors::agent_actor::pointer self) : self_{self} {}

  actors::agent_actor::behavior_type make_behavior() {
    actors::set_quiet_handlers(self_);
    return {[](actors::ask_atom, const agent_question& asked) -> caf::result<agent_answer> {
      const auto seen = asked.live.history ? asked.live.history->size() : 0;
      if (asked.live.say)
        asked.live.say("heard: ");
      return agent_answer{.text = "heard: " + asked.question + " " + std::to_string(seen),
                          .model = "echo"};
    }};
  }

private:
  actors::agent_actor::pointer self_;
};

/// Sessions with a real gateway, dispatcher and keeper, a scripted model and a store in memory.
class sessions_fixture : public actor_fixture {
public:
  explicit sessions_fixture(std::shared_ptr<fake_session_store> kept = nullptr,
                            resident_limits limits = {}, std::size_t span_contents_max = 0)
      : store{std::move(kept)},
        spans{std::make_shared<span_ring>(100, span_contents_max)},
        limits_{limits} {
    auto registry = std::make_shared<tool_registry>();
    REQUIRE(registry->add({.name = "double", .description = "Doubles a number."},
                          [this](const doubled_number& in) {
                            ++runs;
                            return doubled_number{in.value * 2};
                          }));
    tools = registry;
    start(actors::dispatcher_path,
          spawn<actors::task_dispatcher_impl>(actors::dispatcher_options{
              .tools = tools->list(), .declared = {{"helper", "Helps."}}, .unix_time = [this] {
                return unix_now();
              }}));
    start(actors::cache_route::path_of(0), spawn<actors::cache_impl>(actors::cache_options{}));
    start("tasks/handlers/1", spawn<actors::short_task_handler_impl>());
    start("agents/echo", actors::make_agent<echoing_agent>("echo", "Echoes.").spawn(system()));
    actors::model_gateway_options gateway{
        .spans = spans, .seed = 1, .now = [this] { return now(); }};
    gateway.unix_time = [this] { return unix_now(); };
    provider_settings settings{.name = "scripted", .kind = provider_kind::embedded};
    gateway.providers.push_back({.settings = settings, .model = model});
    start(actors::model_gateway_path, spawn<actors::model_gateway_impl>(std::move(gateway)));
    start_sessions();
  }

  void start_keeper() {
    start(actors::session_keeper_path,
          spawn<actors::session_keeper_impl>(actors::session_keeper_options{
              .store = store, .unix_time = [this] { return unix_now(); }}));
  }

  void lose_keeper() {
    const auto who = actors::find_any(system(), actors::session_keeper_path);
    actors::retract(system(), actors::session_keeper_path);
    actors::urgent_exit(caf::actor_cast<caf::actor>(who), caf::exit_reason::kill);
    run();
  }

  void start_sessions() {
    if (store)
      start_keeper();
    start(actors::sessions_path,
          spawn<actors::sessions_impl>(actors::sessions_options{
              .world = world(),
              .around = std::make_shared<const actors::session_surroundings>(
                  actors::session_surroundings{.unix_time = [this] { return unix_now(); },
                                               .has_store = store != nullptr,
                                               .node = "test",
                                               .spans = std::make_shared<span_source>(spans, 7)}),
              .limits = limits_}));
    run();
  }

  /// As after a crash: what was in memory is gone.
  void crash_sessions() {
    for (const auto* path : {actors::sessions_path, actors::session_keeper_path}) {
      if (const auto who = actors::find_any(system(), path))
        actors::urgent_exit(caf::actor_cast<caf::actor>(who), caf::exit_reason::kill);
    }
    run();
  }

  [[nodiscard]] agent_world_ptr world() const {
    const std::vector<agent_declaration> declared{{.name = "helper",
                                                   .description = "Helps.",
                                                   .instructions = "Be brief.",
                                                   .model = "scripted/any",
                                                   .tools = {"double"}},
                                                  {.name = "careful",
                                                   .description = "Asks first.",
                                                   .model = "scripted/any",
                                                   .tools = {"double"},
                                                   .approvals = {"double"}},
                                                  {.name = "greeter",
                                                   .description = "Greets.",
                                                   .model = "scripted/any",
                                                   .handovers = {"helper"}},
                                                  {.name = "steady",
                                                   .description = "Repeats itself.",
                                                   .model = "scripted/any",
                                                   .cache = true}};
    return std::make_shared<const agent_world>(
        agent_world{.tools = std::make_shared<const registry_catalog>(tools),
                    .agents = std::make_shared<const fixed_agents>(
                        declared, std::vector<agent_info>{{"echo", "Echoes."}}),
                    .windows = nullptr});
  }

  std::shared_ptr<heard_turn> begin(turn_request request) {
    auto heard = std::make_shared<heard_turn>();
    caf::anon_send(sessions(), actors::turn_atom_v, std::move(request),
                   actors::turn_observer_ref{std::make_shared<noting_observer>(heard)});
    run();
    return heard;
  }

  std::shared_ptr<heard_turn> say(const std::string& agent, const std::string& text,
                                  const std::string& session = {}, const std::string& key = {}) {
    turn_request request{.agent = agent, .session = session, .key = key};
    request.messages.push_back({.role = chat_role::user, .content = text});
    return begin(std::move(request));
  }

  [[nodiscard]] actors::sessions_actor sessions() {
    return actors::find<actors::sessions_actor>(system(), actors::sessions_path);
  }

  [[nodiscard]] unix_millis unix_now() {
    return 1'800'000'000'000 +
           std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
  }

  template <class Handle>
  void start(const std::string& path, const Handle& who) {
    actors::publish(system(), path, caf::actor_cast<caf::strong_actor_ptr>(adopt(who)));
  }

  std::shared_ptr<const tool_registry> tools;
  std::shared_ptr<fake_session_store> store;
  std::shared_ptr<scripted_model> model =
      std::make_shared<scripted_model>(std::vector<scripted_reply>{});
  std::shared_ptr<span_ring> spans;
  int runs = 0;

private:
  resident_limits limits_;
};

}  // namespace libagent::testing
