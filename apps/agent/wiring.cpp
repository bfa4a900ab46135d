#include "apps/agent/wiring.hpp"

#include "apps/agent/models_wiring.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/telemetry_wiring.hpp"
#include "apps/agent/worker_command.hpp"
#include "libagent/adapters/cpu_limits.hpp"
#include "libagent/adapters/crash_points.hpp"
#include "libagent/adapters/crash_report.hpp"
#include "libagent/adapters/external_manifest.hpp"
#include "libagent/adapters/proc_memory_probe.hpp"
#include "libagent/adapters/realtime_guard.hpp"
#include "libagent/adapters/running_task_mark.hpp"
#include "libagent/adapters/sqlite_cache_level.hpp"
#include "libagent/adapters/sqlite_journal.hpp"
#include "libagent/adapters/sqlite_session_store.hpp"
#include "libagent/adapters/thread_priority.hpp"
#include "libagent/adapters/thread_usage.hpp"
#include "libagent/adapters/tools/builtin_tools.hpp"
#include "libagent/memory/memory_budget.hpp"
#include "libagent/telemetry/cache_events.hpp"
#include "libagent/telemetry/journal_events.hpp"
#include "libagent/telemetry/session_store_events.hpp"
#include "libagent/telemetry/task_events.hpp"
#include "libagent/tools/offered_tools.hpp"

#include <algorithm>
#include <utility>

namespace libagent::app {

namespace {

/// Half of the machine, unless configured or limited otherwise: the agent shares it.
constexpr double machine_share = 0.5;

expected<std::uint64_t> memory_budget_of(const agent_config& config) {
  auto bounds = read_memory_bounds();
  if (!bounds)
    return bounds.error();
  bounds->machine_share = machine_share;
  if (config.memory.budget.bytes > 0)
    bounds->configured_bytes = config.memory.budget.bytes;
  return derive_budget(*bounds).bytes;
}

expected<task_limits> limits_of(const tasks_config& tasks) {
  auto weights = client_weights::parse(tasks.client_weights);
  if (!weights)
    return error{weights.error().code, "tasks.client-weights: " + weights.error().context};
  return task_limits{
      .interactive = {.queued_max = tasks.interactive_queue_max,
                      .bytes_max = tasks.queue_bytes_max.bytes},
      .batch = {.queued_max = tasks.batch_queue_max, .bytes_max = tasks.queue_bytes_max.bytes},
      .attempts_max = tasks.attempts_max,
      .timeout_max = tasks.timeout_max,
      .records_max = tasks.records_max,
      .record_retention = tasks.record_retention,
      .queue_wait_target = tasks.queue_wait_target,
      .weights = *std::move(weights),
      .climb = {.initial = std::clamp(4U, tasks.io_limit_floor, tasks.io_limit_ceiling),
                .floor = tasks.io_limit_floor,
                .ceiling = tasks.io_limit_ceiling},
      .stalls = {.reported = tasks.handler_budget, .offences_max = tasks.handler_offences_max}};
}

/// Cores may be shared out by a control group; more workers than that only get in each other's way.
std::size_t worker_count(const tasks_config& tasks) {
  return tasks.workers != 0 ? tasks.workers : usable_cpus();
}

/// What raises a thread's priority; empty when that is not asked for.
expected<std::function<void()>> raiser_of(const scheduler_config& scheduler) {
  if (scheduler.interactive == interactive_policy::normal)
    return std::function<void()>{};
  if (auto guarded = install_realtime_guard(scheduler.realtime_max); !guarded)
    return guarded.error();
  if (!fifo_permitted()) {
    return error{errc::unsupported,
                 "scheduler.interactive: fifo needs CAP_SYS_NICE, or RLIMIT_RTPRIO of at least 1; "
                 "give one of them, or leave it at normal"};
  }
  return std::function<void()>{[] { (void)raise_thread_to_fifo(); }};
}

/// Lets the monitor give up the block that is kept for emergencies, and take it back.
expected<std::unique_ptr<emergency_memory>> keep_memory(const agent_config& config,
                                                        actors::memory_monitor_options& monitor) {
  if (config.memory.reserve.bytes == 0)
    return std::unique_ptr<emergency_memory>{};
  auto kept = emergency_memory::make(config.memory.reserve.bytes);
  if (!kept)
    return kept.error();
  auto* const block = kept->get();
  monitor.release_reserve = [block] { return block->release(); };
  monitor.keep_reserve = [block](bool resident) {
    (void)(resident ? block->make_resident() : block->refill());
  };
  monitor.take_allocation_failures = [block] { return block->take_allocation_failures(); };
  return kept;
}

expected<std::optional<actors::peer_options>> peers_of(const agent_config& config,
                                                       const wiring_options& options) {
  if (!options.with_peers || (config.node.listen.empty() && config.node.join.empty()))
    return std::optional<actors::peer_options>{};
  actors::peer_options peers{.leases = {.beat = config.node.lease / 5, .lapse = config.node.lease},
                             .on_listening = options.on_listening};
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

journal_sync sync_of(journal_choice choice) {
  switch (choice) {
    using enum journal_choice;
    case none: return journal_sync::none;
    case interval: return journal_sync::interval;
    case off:
    case group: break;
  }
  return journal_sync::group;
}

cache_objective objective_of(saving_choice choice) {
  switch (choice) {
    using enum saving_choice;
    case bytes: return cache_objective::bytes;
    case cost: return cache_objective::cost;
    case hits: break;
  }
  return cache_objective::hits;
}

actors::node_options options_of(const agent_config& config) {
  actors::node_options node{.name = config.node.name,
                            .version = LIBAGENT_VERSION,
                            .handlers = config.tasks.handlers,
                            .blocking = config.tasks.blocking,
                            .workers = worker_count(config.tasks),
                            .async_runs = static_cast<std::uint32_t>(config.tasks.async_max),
                            .pool_threads = config.scheduler.threads,
                            .pool_policy = std::string{name_of(config.scheduler.policy)},
                            .pool_throughput = config.scheduler.throughput};
  node.cache.store.capacity_bytes = config.cache.capacity.bytes;
  node.cache.policy.name = name_of(config.cache.policy);
  node.cache.policy.objective = objective_of(config.cache.objective);
  node.cache.expiry = {.default_ttl = config.cache.ttl,
                       .stale_for = config.cache.stale_while_revalidate,
                       .error_for = config.cache.stale_if_error};
  const auto shards = std::max<std::size_t>(config.cache.shards, 1);
  node.cache.sizing.floor_bytes = config.cache.floor.bytes / shards;
  if (config.cache.ceiling.bytes > config.cache.capacity.bytes && config.cache.capacity.bytes > 0) {
    node.cache.sizing.ceiling_share = static_cast<double>(config.cache.ceiling.bytes) /
                                      static_cast<double>(config.cache.capacity.bytes);
  }
  node.cache_shards = static_cast<std::uint32_t>(config.cache.shards);
  node.memory.interval = config.memory.sample_interval;
  node.sessions = {.resident_max = config.sessions.resident_max,
                   .passivate_after = config.sessions.passivate_after};
  node.session_retention = config.sessions.retention;
  node.sync = sync_of(config.journal.sync);
  node.sync_interval = config.journal.sync_interval;
  node.restarts = {.max_restarts = config.supervision.max_restarts,
                   .period = config.supervision.period};
  node.backoff.initial = config.supervision.backoff_min;
  node.backoff.maximum = config.supervision.backoff_max;
  return node;
}

/// Opens the cache's file; what had to be put aside is reported and no reason to stop.
expected<std::unique_ptr<cache_level>> open_cache_level(const sqlite_cache_options& options,
                                                        const event_sink_ptr& events) {
  auto opened = sqlite_cache_level::open(options);
  if (!opened)
    return opened.error();
  if (opened->replaced && events) {
    events->emit(events::cache_level_restarted,
                 {{"reason", std::string_view{opened->replaced->context}}});
  }
  return std::unique_ptr<cache_level>{std::move(opened->level)};
}

/// Empty when there is to be no second level.
actors::cache_level_opener cache_level_of(const agent_config& config,
                                          const event_sink_ptr& events) {
  if (config.cache.disk.bytes == 0)
    return {};
  const sqlite_cache_options options{.file = data_dir(config) / "cache.sqlite",
                                     .bytes_max = config.cache.disk.bytes};
  return [options, events] { return open_cache_level(options, events); };
}

}  // namespace

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

namespace {

/// Processes of this program for tools that may crash. None is started before one is needed.
expected<std::shared_ptr<worker_processes>> open_processes(const loaded_config& loaded,
                                                           const event_sink_ptr& events) {
  auto options = worker_options(loaded, worker_count(loaded.values.tasks));
  if (events) {
    options.on_error_line = [events](std::string_view line) {
      events->emit(events::worker_said, {{"line", line}});
    };
  }
  auto opened = worker_processes::open(std::move(options));
  if (opened && events) {
    const auto confined = to_string((*opened)->sandbox());
    events->emit(events::workers_confined, {{"what", std::string_view{confined}}});
  }
  return opened;
}

/// Programs as tools, each run in a process of its own anyway.
expected<void> add_external_tools(tool_registry& to, const agent_config& config,
                                  const event_sink_ptr& events) {
  if (config.tools.external.empty())
    return {};
  external_tool_options options{
      .environment = own_environment(), .policy = config.worker.policy, .nice = config.worker.nice};
  if (events) {
    options.on_error_line = [events](std::string_view line) {
      events->emit(events::worker_said, {{"line", line}});
    };
  }
  auto host = external_tool_host::open(std::move(options));
  if (!host)
    return host.error();
  auto found = load_external_tools(config.tools.external, *host);
  if (!found)
    return found.error();
  for (const auto& each : *found) {
    if (auto added = to.add(each); !added)
      return added.error();
  }
  return {};
}

/// The same tools, those in processes that ask for it, and the long ones where that is configured.
expected<std::shared_ptr<const tool_registry>> place_tools(
    const loaded_config& loaded, const tool_registry& tools,
    const std::shared_ptr<worker_processes>& processes, const event_sink_ptr& events) {
  const bool long_ones = loaded.values.worker.isolation == worker_isolation::processes;
  auto placed = in_worker_processes(tools, processes, long_ones);
  if (!placed)
    return placed.error();
  if (auto added = add_external_tools(*placed, loaded.values, events); !added)
    return added.error();
  return std::shared_ptr<const tool_registry>{std::make_shared<tool_registry>(*std::move(placed))};
}

/// Where the journal and the crash reports are.
std::filesystem::path tasks_dir(const agent_config& config) {
  return data_dir(config) / "tasks";
}

expected<journal_access_ptr> open_journal(const agent_config& config) {
  const auto& wanted = config.journal;
  if (wanted.sync == journal_choice::off)
    return journal_access_ptr{};
  sqlite_journal_options options{.file = tasks_dir(config) / "journal.sqlite",
                                 .sync = sync_of(wanted.sync)};
  options.retention = {
      .age = wanted.retention, .dead_age = wanted.dead_retention, .bytes = wanted.bytes_max.bytes};
  auto opened = open_sqlite_journal(std::move(options));
  if (!opened)
    return opened.error();
  return std::make_shared<journal_access>(with_crash_points(*std::move(opened)));
}

/// How earlier processes went down; each is reported once.
std::vector<past_crash> take_past_crashes(const agent_config& config,
                                          const event_sink_ptr& events) {
  std::vector<past_crash> crashes;
  for (auto& report : take_crash_reports(tasks_dir(config)).reports) {
    if (events) {
      const auto task = report.task ? to_string(*report.task) : std::string{};
      events->emit(events::process_crashed, {{"signal", std::string_view{report.signal}},
                                             {"tool", std::string_view{report.target}},
                                             {"task", std::string_view{task}},
                                             {"backtrace", std::string_view{report.backtrace}}});
    }
    crashes.push_back({.signal = std::move(report.signal),
                       .task = report.task,
                       .target = std::move(report.target),
                       .backtrace = std::move(report.backtrace)});
  }
  return crashes;
}

/// What survives the process: the journal, reports of crashes, and where suspects run.
expected<void> keep_tasks(const loaded_config& loaded, const event_sink_ptr& events,
                          actors::node_parts& parts, agent_node& wired) {
  const auto& config = loaded.values;
  auto journal = open_journal(config);
  if (!journal)
    return journal.error();
  parts.journal = *std::move(journal);
  if (!parts.journal)
    return {};
  parts.crashes = take_past_crashes(config, events);
  auto reporter = install_crash_reporter(tasks_dir(config));
  if (!reporter)
    return reporter.error();
  wired.crash_reports = *std::move(reporter);
  parts.mark_run = [](const task_id& id, std::string_view target) { begin_task_mark(id, target); };
  parts.unmark_run = [] { end_task_mark(); };
  return {};
}

/// Where conversations are kept; what was lost of an earlier file is reported and no reason to
/// stop.
expected<session_store_ptr> open_sessions(const agent_config& config,
                                          const event_sink_ptr& events) {
  auto opened = open_sqlite_session_store({.file = data_dir(config) / "sessions.sqlite"});
  if (!opened)
    return opened.error();
  for (const auto& what : opened->damage) {
    if (events)
      events->emit(events::session_store_damaged, {{"what", std::string_view{what}}});
  }
  return std::move(opened->store);
}

/// The node's options, with those that can be wrong or depend on the machine.
expected<actors::node_options> checked_options_of(const agent_config& config,
                                                  const wiring_options& options) {
  auto node = options_of(config);
  auto limits = limits_of(config.tasks);
  if (!limits)
    return limits.error();
  node.tasks = *std::move(limits);
  node.tasks.keys.age = config.journal.key_retention;
  auto peers = peers_of(config, options);
  if (!peers)
    return peers.error();
  node.peers = *std::move(peers);
  const auto budget = memory_budget_of(config);
  if (!budget)
    return budget.error();
  node.memory.budget_bytes = *budget;
  return node;
}

/// Conversations, models and declared agents.
expected<wired_agents> give_agents(const agent_config& config, const wiring_options& options,
                                   const tool_registry& tools, actors::node_parts& parts) {
  if (options.with_sessions) {
    auto sessions = open_sessions(config, options.events);
    if (!sessions)
      return sessions.error();
    parts.sessions = *std::move(sessions);
  }
  auto models = wire_models(config, parts.raise_priority);
  if (!models)
    return models.error();
  parts.models = models->make;
  if (auto traced = wire_telemetry(config, models->client, parts); !traced)
    return traced.error();
  auto agents = wire_agents(
      config, tools, [known = *models](std::string_view name) { return known.check_model(name); });
  if (agents)
    parts.declared = agents->declared;
  return agents;
}

}  // namespace

expected<agent_node> start_agent_node(const loaded_config& loaded, const wiring_options& options) {
  const auto& config = loaded.values;
  auto own_tools = make_tools(config);
  if (!own_tools)
    return own_tools.error();
  auto processes = open_processes(loaded, options.events);
  if (!processes)
    return processes.error();
  auto tools = place_tools(loaded, **own_tools, *processes, options.events);
  if (!tools)
    return tools.error();
  auto checked = checked_options_of(config, options);
  if (!checked)
    return checked.error();
  auto& node = *checked;
  auto raise = raiser_of(config.scheduler);
  if (!raise)
    return raise.error();
  auto probe = proc_memory_probe::open();
  if (!probe)
    return probe.error();

  auto reserve = keep_memory(config, node.memory);
  if (!reserve)
    return reserve.error();
  agent_node wired{.reserve = *std::move(reserve), .trimmer = std::make_unique<heap_trimmer>()};
  node.memory.release_free_memory = [trimmer = wired.trimmer.get()] { trimmer->request(); };
  actors::node_parts parts{
      .events = options.events,
      .probe = *std::move(probe),
      .open_cache_level = cache_level_of(config, options.events),
      .lower_priority = [worker =
                             config.worker] { (void)lower_thread(worker.policy, worker.nice); },
      .raise_priority = *raise,
      .thread_usage = read_thread_usage,
      .on_failure = options.on_failure};
  parts.client_budget = options.client_budget;
  if (options.with_journal) {
    if (auto kept = keep_tasks(loaded, options.events, parts, wired); !kept)
      return kept.error();
    parts.apart = [inside = *own_tools, pool = *processes](const std::string& name) {
      return apart_of(*inside, name, pool);
    };
  }
  auto agents = give_agents(config, options, **tools, parts);
  if (!agents)
    return agents.error();
  auto started = actors::node::start(node, *std::move(tools), {}, parts);
  if (!started)
    return started.error();
  wired.node = *std::move(started);
  wired.agents = watch_agents(config, *agents, *wired.node, options.events);
  wired.raise_priority = *std::move(raise);
  return wired;
}

}  // namespace libagent::app
