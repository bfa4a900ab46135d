#include "apps/agent/wiring.hpp"

#include "apps/agent/documents_agent.hpp"
#include "apps/agent/settings.hpp"
#include "libagent/adapters/proc_memory_probe.hpp"
#include "libagent/adapters/thread_priority.hpp"
#include "libagent/adapters/tools/builtin_tools.hpp"
#include "libagent/memory/memory_budget.hpp"
#include "libagent/tools/offered_tools.hpp"

#include <utility>

namespace libagent::app {

namespace {

/// Half of the machine, unless configured or limited otherwise: the agent shares it.
constexpr double machine_share = 0.5;

expected<std::shared_ptr<const tool_registry>> make_tools(const agent_config& config) {
  tool_registry all;
  builtin_tool_options options{.folder = documents_folder(config), .data_dir = data_dir(config)};
  options.file_bytes_max = config.documents.file_size_max.bytes;
  if (auto added = add_builtin_tools(all, options); !added)
    return added.error();
  auto offered = offered_tools(all, config.node.tools);
  if (!offered)
    return offered.error();
  return std::shared_ptr<const tool_registry>{std::make_shared<tool_registry>(*std::move(offered))};
}

expected<std::uint64_t> memory_budget_of(const agent_config& config) {
  auto bounds = read_memory_bounds();
  if (!bounds)
    return bounds.error();
  bounds->machine_share = machine_share;
  if (config.memory.budget.bytes > 0)
    bounds->configured_bytes = config.memory.budget.bytes;
  return derive_budget(*bounds).bytes;
}

task_limits limits_of(const tasks_config& tasks) {
  return {.interactive = {.queued_max = tasks.interactive_queue_max,
                          .bytes_max = tasks.queue_bytes_max.bytes},
          .batch = {.queued_max = tasks.batch_queue_max, .bytes_max = tasks.queue_bytes_max.bytes},
          .attempts_max = tasks.attempts_max,
          .timeout_max = tasks.timeout_max,
          .records_max = tasks.records_max,
          .record_retention = tasks.record_retention};
}

expected<std::optional<actors::peer_options>> peers_of(const agent_config& config,
                                                       const wiring_options& options) {
  if (!options.with_peers || (config.node.listen.empty() && config.node.join.empty()))
    return std::optional<actors::peer_options>{};
  actors::peer_options peers{.on_listening = options.on_listening};
  if (!config.node.listen.empty()) {
    auto where = parse_listen_endpoint(config.node.listen);
    if (!where)
      return where.error();
    peers.listen = *where;
  }
  if (!config.node.join.empty()) {
    auto where = parse_join_endpoint(config.node.join);
    if (!where)
      return where.error();
    peers.join.push_back(*where);
  }
  return std::optional{std::move(peers)};
}

actors::node_options options_of(const agent_config& config) {
  actors::node_options node{.name = config.node.name,
                            .version = LIBAGENT_VERSION,
                            .handlers = config.tasks.handlers,
                            .blocking = config.tasks.blocking,
                            .workers = config.tasks.workers,
                            .pool_threads = config.scheduler.threads,
                            .pool_policy = std::string{name_of(config.scheduler.policy)},
                            .pool_throughput = config.scheduler.throughput,
                            .tasks = limits_of(config.tasks)};
  node.cache.store.capacity_bytes = config.cache.capacity.bytes;
  node.cache.expiry.default_ttl = config.cache.ttl;
  node.memory.interval = config.memory.sample_interval;
  node.restarts = {.max_restarts = config.supervision.max_restarts,
                   .period = config.supervision.period};
  node.backoff.initial = config.supervision.backoff_min;
  node.backoff.maximum = config.supervision.backoff_max;
  return node;
}

}  // namespace

expected<agent_node> start_agent_node(const agent_config& config, const wiring_options& options) {
  auto tools = make_tools(config);
  if (!tools)
    return tools.error();
  auto node = options_of(config);
  auto peers = peers_of(config, options);
  if (!peers)
    return peers.error();
  node.peers = *std::move(peers);
  const auto budget = memory_budget_of(config);
  if (!budget)
    return budget.error();
  node.memory.budget_bytes = *budget;
  auto probe = proc_memory_probe::open();
  if (!probe)
    return probe.error();

  agent_node wired{.trimmer = std::make_unique<heap_trimmer>()};
  node.memory.release_free_memory = [trimmer = wired.trimmer.get()] { trimmer->request(); };
  const actors::node_parts parts{
      .events = options.events,
      .probe = *std::move(probe),
      .lower_priority = [nice = config.worker.nice] { (void)set_thread_niceness(nice); },
      .on_failure = options.on_failure};
  auto started = actors::node::start(
      node, *std::move(tools),
      {actors::make_agent<documents_agent>(documents_agent_name,
                                           "Answers from your documents, with citations.")},
      parts);
  if (!started)
    return started.error();
  wired.node = *std::move(started);
  return wired;
}

}  // namespace libagent::app
