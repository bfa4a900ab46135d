#include "apps/lab/models/own_turns.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/node.hpp"
#include "actors/paths.hpp"
#include "libagent/adapters/curl_web_client.hpp"
#include "libagent/adapters/openai_model.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tools/make_tool.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace libagent::lab {

struct weather_question {
  std::string city;
};

template <class Inspector>
bool inspect(Inspector& f, weather_question& x) {
  return record(f, x, "weather_question", field("city", "Where.", x.city));
}

struct weather_report {
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, weather_report& x) {
  return record(f, x, "weather_report", field("text", "What it is like.", x.text));
}

namespace {

using own_done = std::function<void(expected<std::string>)>;

constexpr const char* own_agent = "weather";

/// Tells what became of a turn, once.
class awaited_answer final : public turn_observer {
public:
  explicit awaited_answer(own_done done) : done_{std::move(done)} {}

  awaited_answer(const awaited_answer&) = delete;
  awaited_answer& operator=(const awaited_answer&) = delete;

  ~awaited_answer() override { tell(error{errc::unavailable, "run a turn: it was lost"}); }

  void on_update(const turn_update& /*update*/) override {}

  void on_end(const turn_result& result) override {
    if (result.state == turn_state::answered) {
      tell(result.text);
    } else {
      tell(
          result.failure.value_or(error{errc::internal, "run a turn: it ended without an answer"}));
    }
  }

  void on_refused(const error& why) override { tell(why); }

private:
  void tell(expected<std::string> result) {
    if (auto done = std::exchange(done_, nullptr))
      done(std::move(result));
  }

  own_done done_;
};

class own_turns final : public turn_contestant {
public:
  explicit own_turns(std::unique_ptr<actors::node> node)
      : node_{std::move(node)},
        sessions_{actors::find<actors::sessions_actor>(node_->system(), actors::sessions_path)} {}

  own_turns(const own_turns&) = delete;
  own_turns& operator=(const own_turns&) = delete;

  // CAF waits for every actor that has a handle.
  ~own_turns() override { sessions_ = nullptr; }

  void begin_turn(std::size_t /*user*/, own_done on_end) override {
    turn_request request{.agent = own_agent, .in_one_piece = true};
    request.messages.push_back({.content = turn_question});
    caf::anon_send<caf::message_priority::high>(
        sessions_, actors::turn_atom_v, std::move(request),
        actors::turn_observer_ref{std::make_shared<awaited_answer>(std::move(on_end))});
  }

private:
  std::unique_ptr<actors::node> node_;
  actors::sessions_actor sessions_;
};

expected<std::shared_ptr<tool_registry>> weather_tools() {
  auto tools = std::make_shared<tool_registry>();
  auto added = tools->add(
      {.name = turn_tool_name, .description = turn_tool_description, .tool_effects = effects::pure},
      [](const weather_question& asked) { return weather_report{turn_tool_answer(asked.city)}; });
  if (!added)
    return added.error();
  return tools;
}

agent_declaration weather_agent(const turn_setup& setup) {
  agent_declaration agent{.name = own_agent,
                          .description = "Helps with the weather.",
                          .instructions = turn_instructions,
                          .model = "stub/" + setup.model};
  agent.tools = {turn_tool_name};
  return agent;
}

}  // namespace

expected<turn_contestant_ptr> start_own_turns(const turn_setup& setup) {
  auto tools = weather_tools();
  if (!tools)
    return tools.error();
  const provider_settings provider{
      .name = "stub",
      .url = "http://127.0.0.1:" + std::to_string(setup.model_port) + "/v1",
      .calls_max = static_cast<std::uint32_t>(setup.users + 4)};
  auto settings = openai_settings_of(provider, {});
  if (!settings)
    return settings.error();
  auto model = openai_model::make(*std::move(settings), std::make_shared<curl_web_client>());
  if (!model)
    return model.error();
  actors::node_parts parts;
  parts.declared = {weather_agent(setup)};
  parts.models = [provider, shared = *model](const actors::task_starter& /*tasks*/) {
    return std::vector<actors::model_provider>{{.settings = provider, .model = shared}};
  };
  auto node = actors::node::start({}, *std::move(tools), {}, parts);
  if (!node)
    return node.error();
  return turn_contestant_ptr{std::make_unique<own_turns>(*std::move(node))};
}

}  // namespace libagent::lab
