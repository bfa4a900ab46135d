#include "libagent/session/agent_catalog.hpp"

#include <utility>

namespace libagent {

std::string to_string(const agent_problem& problem) {
  auto out = problem.file;
  if (problem.line > 0)
    out += ":" + std::to_string(problem.line);
  if (!problem.path.empty())
    out += ": " + problem.path;
  return out + ": " + problem.what;
}

agent_catalog::agent_catalog(std::vector<agent_declaration> declared,
                             std::vector<agent_info> others) {
  for (auto& d : declared) {
    auto name = d.name;
    declared_.emplace(std::move(name), std::make_shared<const agent_declaration>(std::move(d)));
  }
  for (auto& o : others)
    others_.emplace(std::move(o.name), std::move(o.description));
}

std::shared_ptr<const agent_declaration> agent_catalog::find(std::string_view name) const {
  const auto found = declared_.find(name);
  return found == declared_.end() ? nullptr : found->second;
}

std::optional<std::string> agent_catalog::description(std::string_view name) const {
  if (const auto declared = find(name))
    return declared->description;
  const auto other = others_.find(name);
  return other == others_.end() ? std::nullopt : std::optional{other->second};
}

agent_changes changes_between(const agent_catalog& before, const agent_catalog& after) {
  agent_changes out;
  for (const auto& [name, declared] : after.declared()) {
    const auto old = before.find(name);
    if (!old) {
      out.added.push_back(name);
    } else if (*old != *declared) {
      out.changed.push_back(name);
    }
  }
  for (const auto& [name, declared] : before.declared()) {
    if (!after.find(name))
      out.removed.push_back(name);
  }
  return out;
}

}  // namespace libagent
