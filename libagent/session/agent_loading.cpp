#include "libagent/session/agent_loading.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/json.hpp"
#include "libagent/session/agent_toolset.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t tool_name_max = 64;
constexpr json_limits declaration_limits{.bytes_max = 1U << 20U, .depth_max = 16};

using name_list = std::vector<std::string_view>;

struct declared_agent {
  agent_declaration agent;
  std::string file;
  json_lines lines;
};

bool is_agent_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= tool_name_max && std::ranges::all_of(name, is_fine);
}

/// Checks declarations and keeps all that is wrong with them.
class agent_inspection {
public:
  explicit agent_inspection(const agent_surroundings& world) : world_{&world} {
    tools_.assign(world.tools.begin(), world.tools.end());
  }

  void read(const agent_source& source);
  void check_all();

  std::vector<agent_problem> problems;
  std::vector<declared_agent> all;

private:
  void report(const declared_agent& in, std::string path, std::string what);
  void check(const declared_agent& in);
  void check_values(const declared_agent& in);
  void check_approvals(const declared_agent& in);
  void check_list(const declared_agent& in, std::string_view field,
                  const std::vector<std::string>& names, const name_list& known,
                  std::string_view prefix);
  void check_depth(const declared_agent& in);
  [[nodiscard]] const agent_declaration* find(std::string_view name) const;

  const agent_surroundings* world_;
  name_list tools_;
  name_list askable_;
  name_list able_to_take_over_;
};

void agent_inspection::read(const agent_source& source) {
  declared_agent out{.file = source.file};
  const auto use = [&out](const auto& value, const json_lines& lines) {
    out.lines = lines;
    return from_json_value(value, out.agent);
  };
  const auto done = with_parsed_json_file(source.text, declaration_limits, use);
  if (done) {
    all.push_back(std::move(out));
    return;
  }
  const auto& text = done.error().context;
  const auto path_end = text.starts_with('/') ? text.find(": ") : std::string::npos;
  if (path_end == std::string::npos) {
    problems.push_back({source.file, 0, {}, text});
  } else {
    report(out, text.substr(0, path_end), text.substr(path_end + 2));
  }
}

void agent_inspection::report(const declared_agent& in, std::string path, std::string what) {
  // An element of a list has no line of its own; its list has.
  auto line = in.lines.find(path);
  for (auto above = path; line == in.lines.end() && !above.empty();) {
    above.resize(above.rfind('/'));
    line = in.lines.find(above);
  }
  problems.push_back(
      {in.file, line == in.lines.end() ? 0 : line->second, std::move(path), std::move(what)});
}

void agent_inspection::check_all() {
  for (const auto& d : all) {
    askable_.push_back(d.agent.name);
    able_to_take_over_.push_back(d.agent.name);
  }
  for (const auto& other : world_->agents)
    askable_.push_back(other.name);
  std::set<std::string_view> seen;
  for (const auto& other : world_->agents)
    seen.insert(other.name);
  for (const auto& d : all) {
    if (!seen.insert(d.agent.name).second)
      report(d, "/name", "another agent has the name " + quoted_excerpt(d.agent.name, 64));
    check(d);
  }
}

void agent_inspection::check(const declared_agent& in) {
  const auto& agent = in.agent;
  check_values(in);
  check_list(in, "tools", agent.tools, tools_, {});
  check_list(in, "agents", agent.agents, askable_, ask_prefix);
  check_list(in, "handovers", agent.handovers, able_to_take_over_, hand_over_prefix);
  check_approvals(in);
  check_depth(in);
  if (!world_->check_model)
    return;
  if (const auto fits = world_->check_model(agent.model); !fits)
    report(in, "/model", fits.error().context);
}

void agent_inspection::check_values(const declared_agent& in) {
  const auto& agent = in.agent;
  if (!is_agent_name(agent.name))
    report(in, "/name", R"(expected 1 to 64 letters, digits, "_" or "-")");
  if (agent.description.empty())
    report(in, "/description", "expected a sentence on what it is for");
  if (agent.temperature && (*agent.temperature < 0 || *agent.temperature > 2))
    report(in, "/temperature", "expected 0 to 2");
  if (agent.limits.time <= std::chrono::milliseconds{0})
    report(in, "/limits/time_ms", "expected more than 0");
  if (agent.context.tokens > 0 && agent.context.reserve >= agent.context.tokens) {
    report(in, "/context/reserve",
           "expected less than the window of " + std::to_string(agent.context.tokens) + " tokens");
  }
  const auto& rules = agent.guardrails;
  if (std::ranges::find(rules.blocked_input, "") != rules.blocked_input.end())
    report(in, "/guardrails/blocked_input", "an empty phrase is in every message");
  if (std::ranges::find(rules.blocked_output, "") != rules.blocked_output.end())
    report(in, "/guardrails/blocked_output", "an empty phrase is in every reply");
}

void agent_inspection::check_list(const declared_agent& in, std::string_view field,
                                  const std::vector<std::string>& names, const name_list& known,
                                  std::string_view prefix) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& name = names[i];
    const auto path = "/" + std::string{field} + "/" + std::to_string(i);
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), name) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      report(in, path, quoted_excerpt(name, 64) + " is there twice");
    } else if (!prefix.empty() && name == in.agent.name) {
      report(in, path, "an agent cannot name itself");
    } else if (std::ranges::find(known, name) == known.end()) {
      report(in, path, "there is no " + quoted_excerpt(name, 64) + did_you_mean(name, known));
    } else if (prefix.size() + name.size() > tool_name_max) {
      report(in, path,
             "as a tool's name, " + std::string{prefix} + name + " is longer than 64 characters");
    }
  }
}

void agent_inspection::check_approvals(const declared_agent& in) {
  name_list can_call{in.agent.tools.begin(), in.agent.tools.end()};
  std::vector<std::string> asks;
  asks.reserve(in.agent.agents.size());
  for (const auto& name : in.agent.agents)
    asks.push_back(std::string{ask_prefix} + name);
  can_call.insert(can_call.end(), asks.begin(), asks.end());
  check_list(in, "approvals", in.agent.approvals, can_call, {});
}

const agent_declaration* agent_inspection::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(all, [name](const auto& d) { return d.agent.name == name; });
  return found == all.end() ? nullptr : &found->agent;
}

void agent_inspection::check_depth(const declared_agent& in) {
  std::set<std::string_view> layer{in.agent.agents.begin(), in.agent.agents.end()};
  for (std::size_t depth = 1; !layer.empty(); ++depth) {
    if (layer.contains(in.agent.name) && depth > 1)
      return report(in, "/agents", "in the end it asks itself");
    if (depth > ask_depth_max) {
      return report(
          in, "/agents",
          "asks agents who ask agents more than " + std::to_string(ask_depth_max) + " deep");
    }
    std::set<std::string_view> next;
    for (const auto name : layer) {
      if (const auto* const other = find(name))
        next.insert(other->agents.begin(), other->agents.end());
    }
    layer = std::move(next);
  }
}

}  // namespace

std::string to_string(const agent_problem& problem) {
  auto out = problem.file;
  if (problem.line > 0)
    out += ":" + std::to_string(problem.line);
  if (!problem.path.empty())
    out += ": " + problem.path;
  return out + ": " + problem.what;
}

loaded_agents load_agents(std::span<const agent_source> sources, const agent_surroundings& world) {
  agent_inspection inspection{world};
  for (const auto& source : sources)
    inspection.read(source);
  inspection.check_all();
  if (!inspection.problems.empty())
    return {.declared = {}, .problems = std::move(inspection.problems)};
  loaded_agents loaded;
  loaded.declared.reserve(inspection.all.size());
  for (auto& d : inspection.all)
    loaded.declared.push_back(std::move(d.agent));
  std::ranges::sort(loaded.declared, {}, &agent_declaration::name);
  return loaded;
}

}  // namespace libagent
