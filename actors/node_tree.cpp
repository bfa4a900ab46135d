#include "actors/node_tree.hpp"

#include "actors/bridge/wall_clock.hpp"
#include "actors/cache.hpp"
#include "actors/cache_disk.hpp"
#include "actors/cache_route.hpp"
#include "actors/cluster.hpp"
#include "actors/gateway.hpp"
#include "actors/journal.hpp"
#include "actors/long_task_worker.hpp"
#include "actors/model_gateway.hpp"
#include "actors/paths.hpp"
#include "actors/session_keeper.hpp"
#include "actors/sessions.hpp"
#include "actors/short_task_handler.hpp"
#include "actors/task_dispatcher.hpp"
#include "actors/task_starter.hpp"

#include <caf/io/middleman.hpp>

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

namespace libagent::actors {

namespace {

/// Items waiting in a handler's mailbox. One is enough for fairness; a few more keep a handler
/// busy while the dispatcher is told of the last one.
constexpr std::uint32_t handler_credit = 8;

/// A worker that ignores its stop token is written off after this.
constexpr auto worker_patience = std::chrono::seconds{2};

/// Of the budget, for tasks and all else together: a little below where memory pressure gets high,
/// so that an ordinary full load does not halve the permits.
constexpr double promised_share = 0.78;

std::size_t or_cores(std::size_t wanted) {
  return wanted != 0 ? wanted : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

/// A child that has its own thread in production.
template <class Impl, class... Args>
child_spec own_thread_child(const std::string& name, Args... args) {
  return {.name = name, .start = [... args = std::move(args)](start_context& context) {
            return caf::actor_cast<caf::actor>(
                spawn_placed<Impl>(context.system(), context.where(), args...));
          }};
}

/// A child on the scheduler's threads.
template <class Impl, class... Args>
child_spec pooled_child(const std::string& name, Args... args) {
  return {.name = name, .start = [... args = std::move(args)](start_context& context) {
            return caf::actor_cast<caf::actor>(context.system().spawn<Impl>(args...));
          }};
}

/// Numbered children under a supervisor of their own.
template <class MakeChild>
child_spec make_pool(std::string name, const supervision_rules& rules, std::size_t size,
                     const MakeChild& make_child) {
  supervisor_spec pool{.rules = rules};
  for (std::size_t i = 1; i <= size; ++i)
    pool.children.push_back(make_child(std::to_string(i)));
  return nested_supervisor(std::move(name), std::move(pool));
}

/// Nobody can guess it; what it seeds need not be repeatable.
std::uint64_t random_word() {
  std::random_device random;
  return std::uint64_t{random()} << 32U | random();
}

hash_key random_hash_key() {
  return {random_word(), random_word()};
}

/// The shards of the cache, and the level behind them.
child_spec make_cache(const node_options& options, const node_parts& parts,
                      const supervision_rules& rules) {
  supervisor_spec all{.rules = rules};
  if (parts.open_cache_level) {
    all.children.push_back(own_thread_child<cache_disk_impl>(
        "disk", cache_disk_options{.open = parts.open_cache_level}));
  }
  auto shard = options.cache;
  shard.store.capacity_bytes /= options.cache_shards;
  shard.has_disk = parts.open_cache_level != nullptr;
  for (std::uint32_t i = 1; i <= options.cache_shards; ++i) {
    shard.store.key = random_hash_key();
    all.children.push_back(own_thread_child<cache_impl>(std::to_string(i), shard));
  }
  return nested_supervisor(cache_path, std::move(all));
}

/// What the parts of a node share.
struct shared_parts {
  cache_route cache;
  std::shared_ptr<memory_ledger> ledger;  ///< Null without a memory monitor.
};

/// Every pool of executors, in the order in which they start.
std::vector<child_spec> make_executors(const node_options& options, const node_parts& parts,
                                       const supervision_rules& rules, const shared_parts& shared) {
  executor_options common{.cache = shared.cache, .ledger = shared.ledger};
  common.mark_run = parts.mark_run;
  common.unmark_run = parts.unmark_run;
  auto inline_runs = common;
  inline_runs.credit = handler_credit;
  inline_runs.thread_usage = parts.thread_usage;
  auto waiting_runs = common;
  waiting_runs.kind = executor_kind::waiter;
  waiting_runs.credit = options.async_runs;
  auto blocking_runs = common;
  blocking_runs.kind = executor_kind::blocking;
  auto batch_runs = common;
  batch_runs.kind = executor_kind::worker;
  batch_runs.on_thread_start = parts.lower_priority;
  const auto pooled = [](const executor_options& runs) {
    return [runs](const std::string& name) {
      return pooled_child<short_task_handler_impl>(name, runs);
    };
  };
  return {make_pool("handlers", rules, or_cores(options.handlers), pooled(inline_runs)),
          make_pool("waiters", rules, 1, pooled(waiting_runs)),
          make_pool("blocking", rules, options.blocking,
                    [&](const std::string& name) {
                      return own_thread_child<short_task_handler_impl>(name, blocking_runs);
                    }),
          make_pool("workers", rules, or_cores(options.workers), [&](const std::string& name) {
            auto worker = own_thread_child<long_task_worker_impl>(name, batch_runs);
            worker.rules.shutdown = shutdown_rule::within(worker_patience);
            return worker;
          })};
}

child_spec make_journal(const node_options& options, const node_parts& parts) {
  journal_actor_options journal{.access = parts.journal,
                                .sync = options.sync,
                                .sync_interval = options.sync_interval,
                                .unix_time = system_unix_time};
  // Short tasks wait for it: it is ranked like those who run them.
  if (parts.raise_priority)
    journal.on_thread_start = parts.raise_priority;
  return own_thread_child<journal_impl>("journal", std::move(journal));
}

child_spec make_tasks(const node_options& options, const node_parts& parts,
                      const supervision_rules& rules, const shared_parts& shared,
                      const tool_registry& tools, const std::vector<agent_spec>& agents) {
  dispatcher_options dispatcher{
      .tools = tools.list(),
      .limits = options.tasks,
      .batch_permits = static_cast<std::uint32_t>(or_cores(options.workers)),
      .ledger = shared.ledger};
  if (parts.raise_priority)
    dispatcher.on_thread_start = parts.raise_priority;
  for (const auto& agent : agents)
    dispatcher.agents.push_back(agent.info);
  for (const auto& agent : parts.declared)
    dispatcher.declared.push_back({.name = agent.name, .description = agent.description});
  dispatcher.limits.incarnation = random_word() | 1U;
  dispatcher.journal = parts.journal;
  dispatcher.crashes = parts.crashes;
  dispatcher.apart = parts.apart;

  supervisor_spec tasks{.rules = rules};
  // A new dispatcher knows no executors, so they start afresh with it and announce themselves.
  tasks.rules.restarts = strategy::rest_for_one;
  if (parts.journal)
    tasks.children.push_back(make_journal(options, parts));
  tasks.children.push_back(
      own_thread_child<task_dispatcher_impl>("dispatcher", std::move(dispatcher)));
  for (auto& pool : make_executors(options, parts, rules, shared))
    tasks.children.push_back(std::move(pool));
  return nested_supervisor("tasks", std::move(tasks));
}

child_spec make_agents(const supervision_rules& rules, const std::vector<agent_spec>& agents) {
  supervisor_spec all{.rules = rules};
  for (const auto& agent : agents) {
    all.children.push_back(
        {.name = agent.info.name, .start = [spawn = agent.spawn](start_context& context) {
           return spawn(context.system());
         }});
  }
  return nested_supervisor(agents_path, std::move(all));
}

/// The gateway to models. Those who provide them may run tasks, so that they are made when it
/// starts.
child_spec make_models(const node_parts& parts, const agent_world_ptr& world) {
  const model_gateway_options common{.spans = parts.spans,
                                     .windows = world->windows,
                                     .client_budget = parts.client_budget,
                                     .keeps_spending = parts.sessions != nullptr};
  return {.name = model_gateway_path,
          .start = [make = parts.models, common](start_context& context) {
            auto gateway = common;
            if (make)
              gateway.providers = make(make_task_starter(context.system()));
            return caf::actor_cast<caf::actor>(
                context.system().spawn<model_gateway_impl>(std::move(gateway)));
          }};
}

/// What keeps conversations, and what they have spent.
child_spec make_keeper(const node_options& options, const node_parts& parts) {
  return own_thread_child<session_keeper_impl>(
      session_keeper_path, session_keeper_options{.store = parts.sessions,
                                                  .retention = options.session_retention,
                                                  .unix_time = system_unix_time});
}

/// The conversations.
child_spec make_sessions(const node_options& options, const node_parts& parts,
                         const supervision_rules& rules, const cache_route& cache,
                         const agent_world_ptr& world) {
  supervisor_spec all{.rules = rules};
  all.children.push_back(pooled_child<sessions_impl>(
      "all",
      sessions_options{.world = world,
                       .around = std::make_shared<const session_surroundings>(session_surroundings{
                           .unix_time = system_unix_time,
                           .has_store = parts.sessions != nullptr,
                           .cache = cache,
                           .node = options.name,
                           .spans = std::make_shared<span_source>(parts.spans, random_word())}),
                       .limits = options.sessions}));
  return nested_supervisor("sessions", std::move(all));
}

child_spec make_cluster(const node_options& options, const tool_registry& tools) {
  cluster_options cluster{.own = {.node = options.name,
                                  .version = options.version,
                                  .tools = {},
                                  .incarnation = random_word() | 1U},
                          .listen = options.peers->listen,
                          .joins = {.nodes = options.peers->join},
                          .leases = options.peers->leases,
                          .on_listening = options.peers->on_listening};
  for (const auto& offered : tools.list())
    cluster.own.tools.push_back(describe(*offered));
  return {.name = cluster_path, .start = [cluster](start_context& context) {
            auto now = cluster;
            now.network = caf::actor_cast<caf::actor>(context.system().middleman().actor_handle());
            now.gate_placement = context.where();
            return caf::actor_cast<caf::actor>(
                spawn_placed<cluster_impl>(context.system(), context.where(), std::move(now)));
          }};
}

}  // namespace

supervisor_spec make_node_tree(const node_options& options, const node_parts& parts,
                               const tool_registry& tools, const std::vector<agent_spec>& agents,
                               const agent_world_ptr& world) {
  const supervision_rules rules{.intensity = options.restarts, .backoff = options.backoff};
  shared_parts shared{.cache = {.shards = options.cache_shards, .key = random_hash_key()}};
  supervisor_spec root{.rules = rules};
  if (parts.probe && options.memory.budget_bytes > 0) {
    auto memory = options.memory;
    memory.subscribers = shared.cache.paths();
    memory.subscribers.emplace_back(dispatcher_path);
    memory.subscribers.emplace_back(sessions_path);
    shared.ledger = std::make_shared<memory_ledger>(memory.budget_bytes, promised_share);
    memory.ledger = shared.ledger;
    root.children.push_back(
        own_thread_child<memory_monitor_impl>(memory_monitor_path, parts.probe, std::move(memory)));
  }
  // Ahead of those who make spans: children end in reverse order, and it sends the last of them.
  if (parts.span_export) {
    root.children.push_back(
        pooled_child<span_exporter_impl>(span_exporter_path, *parts.span_export));
  }
  root.children.push_back(make_cache(options, parts, rules));
  root.children.push_back(make_tasks(options, parts, rules, shared, tools, agents));
  root.children.push_back(make_agents(rules, agents));
  // The gateway to models stops after the sessions, whose calls it ends, and before the keeper,
  // which it tells what they cost.
  if (parts.sessions)
    root.children.push_back(make_keeper(options, parts));
  root.children.push_back(make_models(parts, world));
  root.children.push_back(make_sessions(options, parts, rules, shared.cache, world));
  if (options.peers)
    root.children.push_back(make_cluster(options, tools));
  root.children.push_back(own_thread_child<gateway_impl>(
      gateway_path,
      gateway_options{
          .node = options.name, .version = options.version, .cache_paths = shared.cache.paths()}));
  return root;
}

}  // namespace libagent::actors
