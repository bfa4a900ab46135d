#include "libagent/tools/agent_world.hpp"

#include "libagent/base/contract.hpp"

#include <utility>

namespace libagent {

registry_catalog::registry_catalog(std::shared_ptr<const tool_registry> tools)
    : tools_{std::move(tools)} {
  LIBAGENT_EXPECTS(tools_ != nullptr);
  for (const auto& each : tools_->list()) {
    const auto& spec = each->spec();
    definitions_.emplace(spec.name, std::make_shared<const catalog_tool>(catalog_tool{
                                        .definition = {.name = spec.name,
                                                       .description = spec.description,
                                                       .parameters = {each->input_schema()}},
                                        .tool_effects = spec.tool_effects}));
  }
}

std::shared_ptr<const catalog_tool> registry_catalog::find(std::string_view name) const {
  const auto found = definitions_.find(name);
  return found == definitions_.end() ? nullptr : found->second;
}

expected<void> registry_catalog::check(std::string_view name, const std::string& arguments) const {
  const auto found = tools_->lookup(name);
  if (!found)
    return found.error();
  return (*found)->check(arguments);
}

std::optional<std::chrono::milliseconds> registry_catalog::timeout(std::string_view name) const {
  const auto found = tools_->find(name);
  return found ? std::optional{found->spec().timeout} : std::nullopt;
}

fixed_agents::fixed_agents(const std::vector<agent_declaration>& declared,
                           const std::vector<agent_info>& written) {
  const auto add = [this](agent_declaration agent) {
    auto name = agent.name;
    const auto [unused, is_new] = agents_.emplace(
        std::move(name), std::make_shared<const agent_declaration>(std::move(agent)));
    LIBAGENT_EXPECTS(is_new);
  };
  for (const auto& each : declared)
    add(each);
  for (const auto& each : written) {
    add({.name = each.name,
         .description = each.description,
         .model = std::string{actor_model_prefix} + each.name});
  }
}

std::shared_ptr<const agent_declaration> fixed_agents::find(std::string_view name) const {
  const auto found = agents_.find(name);
  return found == agents_.end() ? nullptr : found->second;
}

std::optional<std::string> fixed_agents::description(std::string_view name) const {
  const auto found = find(name);
  return found ? std::optional{found->description} : std::nullopt;
}

std::vector<agent_info> fixed_agents::list() const {
  std::vector<agent_info> all;
  all.reserve(agents_.size());
  for (const auto& [name, agent] : agents_) {
    all.push_back({.name = name,
                   .description = agent->description,
                   .model = is_written(*agent) ? "" : agent->model,
                   .tools = agent->tools});
  }
  return all;
}

agent_environment agent_world::environment() const {
  agent_environment world{.tools = tools.get(), .agents = agents.get(), .window = {}};
  if (windows)
    world.window = [known = windows](const std::string& model) { return known->of(model); };
  return world;
}

}  // namespace libagent
