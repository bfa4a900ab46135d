#include "apps/agent/agents_wiring.hpp"

#include "libagent/session/agent_loading.hpp"
#include "libagent/telemetry/agent_events.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace libagent::app {

namespace {

agent_declaration documents_agent() {
  return {.name = documents_agent_name,
          .description = "Answers from your documents, with citations.",
          .model = "extractive"};
}

expected<std::vector<agent_declaration>> load_declarations(const std::vector<agent_file>& files,
                                                           const agent_surroundings& around) {
  std::vector<agent_source> sources;
  sources.reserve(files.size());
  for (const auto& file : files)
    sources.push_back({.file = file.name, .text = file.text});
  auto loaded = load_agents(sources, around);
  if (!loaded.problems.empty()) {
    std::string all;
    for (const auto& problem : loaded.problems)
      all.append(all.empty() ? "" : "\n").append(to_string(problem));
    return error{errc::invalid_argument, "read the agents: " + all};
  }
  auto declared = std::move(loaded.declared);
  const std::string_view built_in = documents_agent_name;
  if (std::ranges::find(declared, built_in, &agent_declaration::name) == declared.end())
    declared.push_back(documents_agent());
  return declared;
}

}  // namespace

expected<wired_agents> wire_agents(const agent_config& config, const tool_registry& tools,
                                   std::function<expected<void>(std::string_view)> check_model) {
  agent_surroundings around{.tools = {}, .agents = {}, .check_model = std::move(check_model)};
  for (const auto& each : tools.list())
    around.tools.push_back(each->spec().name);
  auto files = config.agents.folder.empty() ? expected{std::vector<agent_file>{}}
                                            : read_agents_folder(config.agents.folder);
  if (!files)
    return files.error();
  wired_agents wired{.declared = {}, .files = *std::move(files), .load = {}};
  wired.load = [around = std::move(around)](const std::vector<agent_file>& read) {
    return load_declarations(read, around);
  };
  auto declared = wired.load(wired.files);
  if (!declared)
    return declared.error();
  wired.declared = *std::move(declared);
  return wired;
}

std::unique_ptr<agents_folder_watch> watch_agents(const agent_config& config,
                                                  const wired_agents& now, actors::node& to,
                                                  const event_sink_ptr& events) {
  if (config.agents.folder.empty() || config.agents.reload_interval.count() <= 0)
    return nullptr;
  const auto report = [events](const event_kind& kind, std::string_view what) {
    if (events)
      events->emit(kind, {{"what", what}});
  };
  return std::make_unique<agents_folder_watch>(
      config.agents.folder, config.agents.reload_interval, now.files,
      [load = now.load, &to, report](const expected<std::vector<agent_file>>& files) {
        if (!files)
          return report(events::agents_not_reloaded, files.error().context);
        const auto declared = load(*files);
        if (!declared)
          return report(events::agents_not_reloaded, declared.error().context);
        to.set_declared(*declared);
        report(events::agents_reloaded, std::to_string(declared->size()) + " agents");
      });
}

}  // namespace libagent::app
