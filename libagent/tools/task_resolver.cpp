#include "libagent/tools/task_resolver.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tasks/idempotency_keys.hpp"

#include <utility>

namespace libagent {

namespace {

task_runner runner_for(const tool_spec& spec, lane asked) {
  if (spec.tool_isolation == isolation::async_call)
    return task_runner::waiter;
  if (asked == lane::batch)
    return task_runner::worker;
  const bool short_and_inline =
      spec.tool_lane == lane::interactive && spec.tool_isolation == isolation::inline_call;
  return short_and_inline ? task_runner::handler : task_runner::blocking;
}

task_order order_from(task_request request, lane usual_lane, effects task_effects,
                      std::chrono::milliseconds usual_timeout) {
  const auto fingerprint = request.key.empty() ? 0 : fingerprint_of(request);
  // A key promises that the request is known again, `once` that a crash is not forgotten.
  const bool is_kept = !request.key.empty() || task_effects == effects::once;
  const auto task_lane = request.lane_override.value_or(usual_lane);
  const auto usual_level =
      task_lane == lane::interactive ? criticality::critical : criticality::sheddable_plus;
  return {.target = std::move(request.target),
          .arguments = request.arguments.text.empty() ? "{}" : std::move(request.arguments.text),
          .task_lane = task_lane,
          .task_effects = task_effects,
          .timeout = request.timeout.value_or(usual_timeout),
          .level = request.level.value_or(usual_level),
          .client = std::move(request.client),
          .key = std::move(request.key),
          .trace = std::move(request.trace),
          .durable = request.durable.value_or(is_kept),
          .is_brief = request.is_brief,
          .fingerprint = fingerprint};
}

}  // namespace

task_resolver::task_resolver(const std::vector<std::shared_ptr<tool>>& tools,
                             const std::vector<agent_info>& agents) {
  for (const auto& each : tools) {
    LIBAGENT_EXPECTS(each != nullptr);
    const bool is_new = tools_.try_emplace(each->spec().name, each).second;
    LIBAGENT_EXPECTS(is_new);
  }
  for (const auto& agent : agents)
    agents_.insert(agent.name);
}

expected<resolved_task> task_resolver::resolve(task_request request) const {
  if (request.target.starts_with(agent_prefix))
    return resolve_agent(std::move(request));
  if (const auto found = tools_.find(request.target); found != tools_.end())
    return resolve_tool(found->second, std::move(request));
  return resolve_remote(std::move(request));
}

expected<resolved_task> task_resolver::resolve_tool(const std::shared_ptr<tool>& what,
                                                    task_request request) const {
  const auto& spec = what->spec();
  const bool is_moved = moved_.contains(spec.name);
  if (is_moved)
    request.lane_override = lane::batch;
  resolved_task found{
      .order = order_from(std::move(request), spec.tool_lane, spec.tool_effects, spec.timeout)};
  if (auto fits = what->check(found.order.arguments); !fits)
    return fits.error();
  found.order.memory_bytes = spec.memory_bytes;
  found.order.retry = spec.retry;
  if (is_moved)
    found.order.note = "runs in the batch lane: the tool held handlers beyond their budget";
  found.runner = runner_for(spec, found.order.task_lane);
  if (found.runner == task_runner::waiter && found.order.task_lane == lane::batch)
    found.name = spec.resource.empty() ? spec.name : spec.resource;
  return found;
}

expected<resolved_task> task_resolver::resolve_agent(task_request request) const {
  auto name = request.target.substr(agent_prefix.size());
  if (!agents_.contains(name) && !declared_.contains(name))
    return unknown_target(request.target);
  resolved_task found{.order = order_from(std::move(request), lane::interactive,
                                          effects::idempotent, agent_timeout),
                      .runner = task_runner::agent,
                      .name = std::move(name)};
  if (auto fits = from_json<agent_question>(found.order.arguments); !fits)
    return fits.error();
  return found;
}

expected<resolved_task> task_resolver::resolve_remote(task_request request) const {
  for (const auto& [node, offers] : nodes_) {
    const auto offer = offers.find(request.target);
    if (offer == offers.end())
      continue;
    const auto& info = offer->second;
    auto name = request.target;
    return resolved_task{.order = order_from(std::move(request), info.tool_lane, info.tool_effects,
                                             std::chrono::milliseconds{info.timeout_ms}),
                         .runner = task_runner::node,
                         .name = std::move(name)};
  }
  return unknown_target(request.target);
}

error task_resolver::unknown_target(const std::string& target) const {
  std::vector<std::string> agents;
  agents.reserve(agents_.size() + declared_.size());
  for (const auto* each : {&agents_, &declared_}) {
    for (const auto& agent : *each)
      agents.push_back(std::string{agent_prefix} + agent);
  }
  std::vector<std::string_view> known{agents.begin(), agents.end()};
  for (const auto& [name, unused] : tools_)
    known.emplace_back(name);
  for (const auto& [node, offers] : nodes_) {
    for (const auto& [name, unused] : offers)
      known.emplace_back(name);
  }
  return {errc::not_found, "find target: no tool or agent is called " + quoted_excerpt(target) +
                               did_you_mean(target, known)};
}

std::shared_ptr<tool> task_resolver::find_tool(const std::string& name) const {
  const auto found = tools_.find(name);
  return found == tools_.end() ? nullptr : found->second;
}

void task_resolver::set_declared(const std::vector<agent_info>& agents) {
  declared_.clear();
  for (const auto& agent : agents)
    declared_.insert(agent.name);
}

bool task_resolver::is_declared(std::string_view agent) const {
  return declared_.contains(agent);
}

void task_resolver::move_to_batch(const std::string& tool_name) {
  moved_.insert(tool_name);
}

void task_resolver::set_node(const std::string& node, const std::vector<tool_info>& offers) {
  auto& noted = nodes_[node];
  noted.clear();
  for (const auto& offer : offers)
    noted.insert_or_assign(offer.name, offer);
}

void task_resolver::drop_node(const std::string& node) {
  nodes_.erase(node);
}

std::vector<std::string> task_resolver::nodes_with(const std::string& tool_name) const {
  std::vector<std::string> found;
  for (const auto& [node, offers] : nodes_) {
    if (offers.contains(tool_name))
      found.push_back(node);
  }
  return found;
}

std::vector<tool_info> task_resolver::list() const {
  std::map<std::string, tool_info> all;
  for (const auto& [name, what] : tools_)
    all.emplace(name, describe(*what));
  for (const auto& [node, offers] : nodes_) {
    for (const auto& [name, info] : offers)
      all.emplace(name, info);
  }
  std::vector<tool_info> sorted;
  sorted.reserve(all.size());
  for (auto& [name, info] : all)
    sorted.push_back(std::move(info));
  return sorted;
}

}  // namespace libagent
