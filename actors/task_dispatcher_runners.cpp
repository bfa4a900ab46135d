// The half of the dispatcher that deals with those who run tasks: local executors and nodes.

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/task_dispatcher.hpp"
#include "libagent/telemetry/journal_events.hpp"

#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace libagent::actors {

namespace {

constexpr auto everything_begun = std::numeric_limits<std::uint64_t>::max();

}  // namespace

// -- starting ---------------------------------------------------------------

void task_dispatcher_state::on_start(const task_entry& task, const lease& held) {
  const bool begun =
      std::visit([&](auto& to) { return start_on(to, task, held); }, runners_.at(held.executor));
  if (!begun)
    unstarted_.push_back({.id = held.id, .attempt = held.attempt});
}

bool task_dispatcher_state::start_on(const local_runner& to, const task_entry& task,
                                     const lease& held) {
  caf::anon_send<urgent>(to.who, execute_atom_v,
                         work_item{.id = held.id,
                                   .attempt = held.attempt,
                                   .sequence = held.sequence,
                                   .what = tool_for(task, to.kind),
                                   .arguments = task.arguments,
                                   .deadline = task.deadline,
                                   .stop = held.stop.get_token(),
                                   .group = task.group});
  return true;
}

/// A suspect runs where it can take nothing down. Not from a thread that others need: a process is
/// waited for.
std::shared_ptr<tool> task_dispatcher_state::tool_for(const task_entry& task,
                                                      executor_kind where) const {
  const bool may_wait = where == executor_kind::blocking || where == executor_kind::worker;
  if (task.is_suspect && may_wait && options_.apart) {
    if (auto apart = options_.apart(task.record.target))
      return apart;
  }
  return resolver_.find_tool(task.record.target);
}

bool task_dispatcher_state::start_on(const node_runner& to, const task_entry& task,
                                     const lease& held) {
  const auto cluster = find<cluster_actor>(self_->system(), cluster_path);
  if (!cluster)
    return false;
  watch_cluster(cluster);
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(task.deadline - self_->clock().now());
  caf::anon_send<urgent>(cluster, forward_atom_v, to.name, held.id, held.attempt,
                         task_request{.target = task.record.target,
                                      .arguments = {*task.arguments},
                                      .timeout = left,
                                      .lane_override = task.record.task_lane,
                                      .level = task.record.level,
                                      .client = task.record.client});
  return true;
}

void task_dispatcher_state::on_stop(const lease& held, const task_record& record) {
  if (!std::holds_alternative<node_runner>(runners_.at(held.executor)))
    return;  // Executors and agents see their stop token.
  if (const auto cluster = find<cluster_actor>(self_->system(), cluster_path)) {
    caf::anon_send<urgent>(cluster, cancel_atom_v, held.id,
                           record.failure ? record.failure->context : std::string{});
  }
}

// -- routes -----------------------------------------------------------------

route_id task_dispatcher_state::route_of(const resolved_task& task) {
  switch (task.runner) {
    case task_runner::handler: return handler_route_;
    case task_runner::blocking: return blocking_route_;
    case task_runner::worker: return worker_route_;
    case task_runner::waiter: return task.name.empty() ? waiter_route_ : resource_route(task.name);
    case task_runner::agent: return agent_route(task.name);
    case task_runner::node: return node_route(task.name);
  }
  return handler_route_;
}

route_id task_dispatcher_state::agent_route(const std::string& agent) {
  const auto [at, is_new] = agent_routes_.try_emplace(agent);
  if (is_new) {
    at->second = core_.add_route({.admission = admission_rule::estimate});
    const auto executor = core_.add_executor(options_.agent_credit);
    runners_.emplace(executor, agent_runner{.name = agent});
    core_.serve(executor, at->second, now());
  }
  return at->second;
}

route_id task_dispatcher_state::node_route(const std::string& tool_name) {
  const auto [at, is_new] = node_routes_.try_emplace(tool_name);
  if (is_new) {
    at->second = core_.add_route({.admission = admission_rule::estimate});
    for (const auto& node : resolver_.nodes_with(tool_name))
      core_.serve(nodes_.at(node), at->second, now());
  }
  return at->second;
}

route_id task_dispatcher_state::resource_route(const std::string& resource) {
  const auto [at, is_new] = resource_routes_.try_emplace(resource);
  if (is_new) {
    at->second =
        core_.add_route({.admission = admission_rule::estimate, .climbs = true, .name = resource});
    for (const auto& [executor, who] : runners_) {
      const auto* local = std::get_if<local_runner>(&who);
      if (local != nullptr && local->kind == executor_kind::waiter)
        core_.serve(executor, at->second, now());
    }
  }
  return at->second;
}

// -- local executors --------------------------------------------------------

void task_dispatcher_state::add_local(const executor_offer& offer) {
  if (local_runners_.contains(offer.who.address()))
    return;
  const auto executor = core_.add_executor(std::max(offer.credit, 1U));
  runners_.emplace(executor, local_runner{.who = caf::actor_cast<executor_actor>(offer.who),
                                          .kind = offer.kind,
                                          .activity = offer.activity});
  local_runners_.emplace(offer.who.address(), executor);
  self_->monitor<urgent>(offer.who);
  switch (offer.kind) {
    case executor_kind::handler: return core_.serve(executor, handler_route_, now());
    case executor_kind::blocking: return core_.serve(executor, blocking_route_, now());
    case executor_kind::worker: return core_.serve(executor, worker_route_, now());
    case executor_kind::waiter:
      core_.serve(executor, waiter_route_, now());
      for (const auto& [resource, route] : resource_routes_)
        core_.serve(executor, route, now());
  }
}

void task_dispatcher_state::lose_local(const caf::down_msg& down) {
  if (down.source == cluster_) {
    cluster_ = nullptr;
    // Whatever it had forwarded can no longer be answered; a new one announces its peers again.
    for (const auto& [node, executor] : std::map{nodes_})
      lose_node(node, "the connection to node " + node + " was lost");
    return;
  }
  const auto found = local_runners_.find(down.source);
  if (found == local_runners_.end())
    return;
  const auto executor = found->second;
  const auto begun =
      std::get<local_runner>(runners_.at(executor)).activity->begun.load(std::memory_order_acquire);
  local_runners_.erase(found);
  const auto reason = from_caf_error(down.reason);
  core_.lose_executor(executor, begun, {errc::internal, "its executor was lost: " + reason.context},
                      now());
  runners_.erase(executor);
}

void task_dispatcher_state::take_outcome(const task_id& id, std::uint32_t attempt,
                                         work_outcome& outcome) {
  const auto* lease = core_.pool().find(id);
  if (lease == nullptr || lease->attempt != attempt) {
    const auto task = to_string(id);
    events_of(self_->system())
        .emit(events::late_answer,
              {{"task", std::string_view{task}}, {"attempt", std::uint64_t{attempt}}});
  }
  if (outcome.cache)
    core_.note_cache_use(id, attempt, *std::move(outcome.cache));
  note_hold(id, outcome.held);
  const std::optional<duration> ran = outcome.ran;
  if (outcome.children && !outcome.failure)
    return start_children(id, attempt, *outcome.children);
  if (outcome.result)
    return finish(id, attempt, std::move(outcome.result->text), ran);
  finish(id, attempt,
         outcome.failure.value_or(error{errc::internal, "an executor answered nothing"}), ran);
}

void task_dispatcher_state::start_children(const task_id& parent, std::uint32_t attempt,
                                           task_group& children) {
  child_orders orders{.rule = children.rule, .saved = std::move(children.saved)};
  for (auto& request : children.children) {
    const auto target = request.target;
    auto resolved = resolver_.resolve(std::move(request));
    if (!resolved) {
      return finish(parent, attempt,
                    error{resolved.error().code,
                          "ask for the child " + target + ": " + resolved.error().context});
    }
    resolved->order.route = route_of(*resolved);
    orders.orders.push_back(std::move(resolved->order));
  }
  core_.start_group(parent, attempt, std::move(orders), now());
  settle();
}

// -- other nodes ------------------------------------------------------------

void task_dispatcher_state::watch_cluster(const cluster_actor& cluster) {
  if (cluster.address() == cluster_)
    return;
  cluster_ = cluster.address();
  self_->monitor<urgent>(cluster);
}

void task_dispatcher_state::add_node(const node_offer& offer) {
  resolver_.set_node(offer.node, offer.tools);
  auto [at, is_new] = nodes_.try_emplace(offer.node);
  if (is_new) {
    at->second = core_.add_executor(options_.node_credit, offer.node);
    runners_.emplace(at->second, node_runner{.name = offer.node});
  }
  core_.set_available(at->second, true, now());
  for (const auto& [tool_name, route] : node_routes_) {
    const auto able = resolver_.nodes_with(tool_name);
    if (std::ranges::find(able, offer.node) != able.end()) {
      core_.serve(at->second, route, now());
    } else {
      core_.stop_serving(at->second, route);
    }
  }
}

void task_dispatcher_state::lose_node(const std::string& node, const std::string& why) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end())
    return;
  const auto executor = found->second;
  nodes_.erase(found);
  resolver_.drop_node(node);
  core_.lose_executor(executor, everything_begun, {errc::unavailable, why}, now());
  runners_.erase(executor);
  for (const auto& [tool_name, route] : node_routes_) {
    if (core_.servers(route) > 0)
      continue;
    std::string gone = "run " + tool_name;
    gone.append(": ").append(why).append(", and no other node has it");
    core_.fail_queued(route, {errc::unavailable, std::move(gone)}, now());
  }
}

}  // namespace libagent::actors
