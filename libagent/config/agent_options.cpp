#include "libagent/config/agent_options.hpp"

#include "libagent/config/option_problems.hpp"

namespace libagent {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t count_max = 100'000'000;
constexpr std::size_t threads_max = 1024;
constexpr auto days_365 = std::chrono::hours{24 * 365};

void add_node_options(std::vector<option>& all, node_config& c) {
  all.emplace_back("node.name", c.name,
                   "Name of this node: shown in task records and to other nodes.",
                   &node_name_problem);
  all.emplace_back("node.listen", c.listen,
                   "HOST:PORT on which other nodes may connect; empty: none may.",
                   &host_and_port_problem);
  all.emplace_back("node.join", c.join,
                   "HOST:PORT of a node to connect to at the start; empty: stay alone.",
                   &host_and_port_problem);
  all.emplace_back("node.tools", c.tools,
                   "Comma-separated names of the tools to offer; empty: all that come with it.");
  all.emplace_back("node.lease", c.lease, 250ms, 10min,
                   "A peer that is silent for so long is lost, and what it ran is run elsewhere; "
                   "each node says five times in that time that it lives.");
}

void add_http_options(std::vector<option>& all, http_config& c) {
  all.emplace_back("http.host", c.host,
                   "Address to serve HTTP on. The default can be reached from this machine only.",
                   &host_problem);
  all.emplace_back("http.host-names", c.host_names,
                   "Comma-separated names by which clients call this server, beside localhost and "
                   "addresses; requests for other names are answered with 403.");
  all.emplace_back("http.port", c.port, 0, 65'535, "Port to serve HTTP on; 0: any free one.");
  all.emplace_back("http.body-max", c.body_max, kibibytes(1), gibibytes(1),
                   "Largest request body; a larger one is answered with 413.");
  all.emplace_back("http.header-max", c.header_max, kibibytes(1), mebibytes(1),
                   "Largest request line and header together; larger ones are answered with 431.");
  all.emplace_back("http.connections-max", c.connections_max, 1, 1'000'000,
                   "Open connections; the next one is answered with 503.");
  all.emplace_back("http.idle-timeout", c.idle_timeout, 100ms, 24h,
                   "How long a connection may wait between two requests.");
  all.emplace_back("http.io-threads", c.io_threads, 1, threads_max,
                   "Threads that read and write connections.");
  all.emplace_back("http.keys", c.keys,
                   "File with the keys of the API and their quotas (JSON); empty: no key is asked "
                   "for, and everybody who reaches the port may do everything.");
}

void add_model_options(std::vector<option>& all, agent_config& c) {
  all.emplace_back("models.file", c.models.file,
                   "File with the servers of models, their limits and prices (JSON); empty: none.");
  all.emplace_back("models.url", c.models.url,
                   "The short way to one OpenAI-compatible server: its base URL, which usually "
                   "ends in /v1. Agents reach its models as default/MODEL. "
                   "Empty: none.",
                   &base_url_problem);
  all.emplace_back("models.model", c.models.model,
                   "The model of that server: what agents whose model is called default use.");
  all.emplace_back("models.api-key-env", c.models.api_key_env,
                   "Environment variable that holds that server's key; empty: it wants none.",
                   &variable_name_problem);
  all.emplace_back("agents.folder", c.agents.folder,
                   "Folder with the declared agents (*.json). When there is none, the documents "
                   "agent is the only one.");
  all.emplace_back("agents.reload-interval", c.agents.reload_interval, 0ms, 24h,
                   "How often that folder is looked at for changes; 0: only at the start.");
  all.emplace_back("sessions.passivate-after", c.sessions.passivate_after, 10ms, 24h,
                   "A session that nobody spoke to for so long leaves memory; the next message "
                   "brings it back.");
  all.emplace_back("sessions.resident-max", c.sessions.resident_max, 1, count_max,
                   "Idle sessions that stay in memory; beyond that those idle for longest leave "
                   "earlier.");
  all.emplace_back("sessions.retention", c.sessions.retention, 1s, 24h * 3650,
                   "How long a session that does not change is kept on disk.");
}

void add_tasks_options(std::vector<option>& all, tasks_config& c) {
  all.emplace_back("tasks.handlers", c.handlers, 0, threads_max,
                   "Short-task handlers, which share the scheduler's threads; 0: one per core.");
  all.emplace_back("tasks.blocking", c.blocking, 1, threads_max,
                   "Threads for interactive tools that may block.");
  all.emplace_back("tasks.workers", c.workers, 0, threads_max,
                   "Long-task workers, each with its own thread of low priority; 0: one per core.");
  all.emplace_back("tasks.interactive-queue-max", c.interactive_queue_max, 1, count_max,
                   "Tasks that may wait in the interactive lane; the next one is refused.");
  all.emplace_back("tasks.batch-queue-max", c.batch_queue_max, 1, count_max,
                   "Tasks that may wait in the batch lane; the next one is refused.");
  all.emplace_back("tasks.queue-bytes-max", c.queue_bytes_max, kibibytes(64), gibibytes(64),
                   "Sum of the arguments that may wait in each lane.");
  all.emplace_back("tasks.records-max", c.records_max, 1, count_max,
                   "Ended tasks that can still be looked up; the oldest are forgotten first.");
  all.emplace_back("tasks.record-retention", c.record_retention, 1s, days_365,
                   "How long an ended task can be looked up.");
  all.emplace_back("tasks.attempts-max", c.attempts_max, 1, 100,
                   "Attempts a task may lose to a crash before it ends dead.");
  all.emplace_back("tasks.timeout-max", c.timeout_max, 1ms, days_365,
                   "Longest timeout that a task may ask for.");
}

void add_overload_options(std::vector<option>& all, tasks_config& c) {
  all.emplace_back("tasks.queue-wait-target", c.queue_wait_target, 1ms, 1min,
                   "Short tasks are refused while those before them have waited longer than this "
                   "for 100 ms: the least critical first.");
  all.emplace_back("tasks.client-weights", c.client_weights,
                   "How much of a lane each client may take when several want it, for example "
                   "alice=3,bob=0.5; the others weigh 1. Clients name themselves with the header "
                   "X-Client-Id; without it, their address counts.");
  all.emplace_back("tasks.async-max", c.async_max, 1, 1'000'000,
                   "Asynchronous tools that may be under way at a time.");
  all.emplace_back("tasks.io-limit-floor", c.io_limit_floor, 1, 100'000,
                   "Least number of batch tasks of one resource that run at a time; how many is "
                   "best is found by trying.");
  all.emplace_back("tasks.io-limit-ceiling", c.io_limit_ceiling, 1, 100'000,
                   "Largest such number. The same as the floor: a fixed limit.");
  all.emplace_back("tasks.handler-budget", c.handler_budget, 1ms, 1min,
                   "How long a tool may hold a short-task handler before it is reported.");
  all.emplace_back("tasks.handler-offences-max", c.handler_offences_max, 1, 1'000'000,
                   "After so many reports a tool runs in the batch lane until the next start.");
}

void add_memory_options(std::vector<option>& all, cache_config& cache, memory_config& memory) {
  all.emplace_back("cache.capacity", cache.capacity, byte_size{0}, gibibytes(1024),
                   "Memory for cached answers; the memory monitor may shrink it. 0: no cache.");
  all.emplace_back("cache.floor", cache.floor, byte_size{0}, gibibytes(1024),
                   "Memory pressure never shrinks it below this, or 5 % of the capacity.");
  all.emplace_back("cache.ceiling", cache.ceiling, byte_size{0}, gibibytes(1024),
                   "How far it grows beyond the capacity where that would save work and memory is "
                   "not short. 0: not at all.");
  all.emplace_back("cache.policy", cache.policy,
                   "Which answer leaves when room is needed; see the concept page of the cache.");
  all.emplace_back("cache.objective", cache.objective,
                   "What adaptive, w-tinylfu and gdsf save: hits, bytes, or what answers cost.");
  all.emplace_back("cache.shards", cache.shards, 1, threads_max,
                   "Parts of the cache, each with its own thread and its share of the capacity.");
  all.emplace_back("cache.ttl", cache.ttl, 1ms, days_365,
                   "How long a cached answer counts as fresh, unless its tool says otherwise.");
  all.emplace_back("cache.stale-while-revalidate", cache.stale_while_revalidate, 0ms, days_365,
                   "How much longer it is served while a newer one is computed.");
  all.emplace_back("cache.stale-if-error", cache.stale_if_error, 0ms, days_365,
                   "How much longer it is served when computing a newer one fails.");
  all.emplace_back("cache.disk", cache.disk, byte_size{0}, gibibytes(1024),
                   "Size of a second level in the data folder, which survives a restart. 0: none.");
  all.emplace_back("memory.budget", memory.budget, byte_size{0}, gibibytes(1024),
                   "Memory that this process may use. 0: derived from the limits of its cgroup, of "
                   "its address space and of the machine.");
  all.emplace_back("memory.sample-interval", memory.sample_interval, 10ms, 60s,
                   "How often memory use is read.");
  all.emplace_back("memory.reserve", memory.reserve, byte_size{0}, gibibytes(1),
                   "Memory that is kept back and given up when there is none left, so that errors "
                   "can be answered. 0: none.");
}

void add_supervision_options(std::vector<option>& all, supervision_config& c) {
  all.emplace_back("supervision.max-restarts", c.max_restarts, 0, 1'000,
                   "Restarts within the period that a supervisor makes before it gives up and its "
                   "own supervisor acts. Levels multiply: two of 5 make up to 25.");
  all.emplace_back("supervision.period", c.period, 10ms, 24h,
                   "The time within which restarts are counted.");
  all.emplace_back("supervision.backoff-min", c.backoff_min, 1ms, 1h,
                   "Wait before the second restart in a row; the first is immediate.");
  all.emplace_back("supervision.backoff-max", c.backoff_max, 1ms, 1h,
                   "Longest wait before a restart; waits double until then.");
}

void add_documents_options(std::vector<option>& all, documents_config& c) {
  all.emplace_back("documents.folder", c.folder, "Folder of the documents to answer from.");
  all.emplace_back("documents.data-dir", c.data_dir,
                   "Folder for the document index; empty: the user's data folder.");
  all.emplace_back("documents.file-size-max", c.file_size_max, kibibytes(1), gibibytes(1),
                   "Larger files are not indexed.");
}

void add_process_options(std::vector<option>& all, agent_config& c) {
  all.emplace_back("scheduler.policy", c.scheduler.policy,
                   "How the scheduler's threads share actors: from one queue, which an idle thread "
                   "polls for 50 us before it sleeps; the same without polling; or by stealing.");
  all.emplace_back("scheduler.throughput", c.scheduler.throughput, 1, 1'000'000,
                   "Messages that an actor handles before it lets others run. Small is fair, large "
                   "is fast.");
  all.emplace_back("scheduler.threads", c.scheduler.threads, 0, threads_max,
                   "The scheduler's threads; 0: one per core.");
  all.emplace_back("scheduler.interactive", c.scheduler.interactive,
                   "How the system ranks the threads that short tasks wait for: like any others, "
                   "or ahead of them all (fifo), which needs CAP_SYS_NICE or RLIMIT_RTPRIO.");
  all.emplace_back("scheduler.realtime-max", c.scheduler.realtime_max, 10ms, 10s,
                   "With fifo: a thread that computes for so long without a pause is ranked like "
                   "any other again, so that the machine stays usable.");
  all.emplace_back("worker.nice", c.worker.nice, 0, 19,
                   "Niceness of long-task workers: 19 yields to everything else.");
  all.emplace_back("worker.policy", c.worker.policy,
                   "How the system ranks them beside that: by niceness alone, as batch work, or "
                   "only when a core is idle.");
  all.emplace_back("worker.isolation", c.worker.isolation,
                   "Whether batch tools run in threads, or in processes with sessions of their "
                   "own: on a machine shared with other programs niceness alone is not enough.");
  all.emplace_back("worker.cgroup", c.worker.cgroup,
                   "Folder of the control group that these processes join; empty: none.");
  all.emplace_back(
      "journal.sync", c.journal.sync,
      "When accepted tasks are on stable storage: before they are acknowledged (group), "
      "at most journal.sync-interval later (interval), or when the kernel likes (none). "
      "All three survive a crash of the process, group a loss of power, too. With off "
      "there is no journal.");
  all.emplace_back("journal.sync-interval", c.journal.sync_interval, 10ms, 1h,
                   "How much time a loss of power may take with journal.sync interval.");
  all.emplace_back("journal.retention", c.journal.retention, 1s, 24h * 3650,
                   "How long ended tasks can be looked up.");
  all.emplace_back("journal.dead-retention", c.journal.dead_retention, 1s, 24h * 3650,
                   "The same for tasks that were given up, which wait for somebody to look.");
  all.emplace_back("journal.bytes-max", c.journal.bytes_max, mebibytes(1), gibibytes(1024),
                   "Size of the journal beyond which the oldest ended tasks go earlier.");
  all.emplace_back("journal.key-retention", c.journal.key_retention, 1min, 24h * 365,
                   "How long an idempotency key means the same task.");
  all.emplace_back("tools.external", c.tools.external,
                   "Folder of manifests (*.json) of programs that are offered as tools; empty: "
                   "none.");
  all.emplace_back("log.level", c.log.level, "Least important events that are logged.");
  all.emplace_back("log.file", c.log.file, "File to append the log to; empty: standard error.");
  all.emplace_back("shutdown.grace", c.shutdown.grace, 0ms, 1h,
                   "How long running tasks may go on after a request to stop.");
}

void add_telemetry_options(std::vector<option>& all, telemetry_config& c) {
  all.emplace_back("telemetry.otlp-endpoint", c.otlp_endpoint,
                   "Base URL of an OpenTelemetry collector that takes OTLP over HTTP, as in "
                   "http://127.0.0.1:4318; spans go to its /v1/traces. Empty: what the variable "
                   "OTEL_EXPORTER_OTLP_ENDPOINT says, and without it no spans are made.",
                   &collector_problem);
  all.emplace_back("telemetry.otlp-headers-env", c.otlp_headers_env,
                   "Environment variable that holds headers to send with them, for example a key: "
                   "NAME=VALUE,NAME=VALUE, values percent-encoded. Empty: none does.",
                   &variable_name_problem);
  all.emplace_back("telemetry.otlp-headers-file", c.otlp_headers_file,
                   "File that holds such headers, one a line or with commas; empty: none does.");
  all.emplace_back("telemetry.service-name", c.service_name,
                   "What this service is called in traces (service.name).", &short_text_problem);
  all.emplace_back("telemetry.export-interval", c.export_interval, 10ms, 1h,
                   "How often spans are sent.");
  all.emplace_back("telemetry.export-timeout", c.export_timeout, 100ms, 10min,
                   "How long one request to the collector may take.");
  all.emplace_back("telemetry.batch-max", c.batch_max, 1, 10'000, "Spans in one request.");
  all.emplace_back("telemetry.spans-max", c.spans_max, 1, 1'000'000,
                   "Spans that wait to be sent; beyond that the oldest are dropped and counted.");
  all.emplace_back("telemetry.contents-max", c.contents_max, byte_size{}, kibibytes(64),
                   "How many bytes of messages, and of arguments and results of tools, each "
                   "attribute of a span may hold; 0: what was said is in none.");
}

void add_tls_options(std::vector<option>& all, tls_config& c) {
  all.emplace_back("tls.ca-file", c.ca_file,
                   "PEM file with the authorities that vouch for model servers and collectors "
                   "called over HTTPS; empty: the system's.");
}

expected<void> check_together(const agent_config& c) {
  if (c.models.url.empty() != c.models.model.empty()) {
    return error{errc::invalid_argument,
                 "configuration: models.url and models.model go together, and one of them is "
                 "missing"};
  }
  if (c.models.url.empty() && !c.models.api_key_env.empty()) {
    return error{errc::invalid_argument,
                 "configuration: models.api-key-env is for the server of models.url, which is "
                 "missing; servers in models.file name their own"};
  }
  if (c.supervision.backoff_min > c.supervision.backoff_max) {
    return error{errc::invalid_argument, "configuration: supervision.backoff-min (" +
                                             duration_text(c.supervision.backoff_min) +
                                             ") must not be more than supervision.backoff-max (" +
                                             duration_text(c.supervision.backoff_max) + ")"};
  }
  if (c.tasks.io_limit_floor > c.tasks.io_limit_ceiling) {
    return error{errc::invalid_argument, "configuration: tasks.io-limit-floor (" +
                                             std::to_string(c.tasks.io_limit_floor) +
                                             ") must not be more than tasks.io-limit-ceiling (" +
                                             std::to_string(c.tasks.io_limit_ceiling) + ")"};
  }
  return {};
}

}  // namespace

std::vector<option> agent_options(agent_config& config) {
  std::vector<option> all;
  add_node_options(all, config.node);
  add_http_options(all, config.http);
  add_model_options(all, config);
  add_tasks_options(all, config.tasks);
  add_overload_options(all, config.tasks);
  add_memory_options(all, config.cache, config.memory);
  add_supervision_options(all, config.supervision);
  add_documents_options(all, config.documents);
  add_process_options(all, config);
  add_telemetry_options(all, config.telemetry);
  add_tls_options(all, config.tls);
  return all;
}

expected<loaded_config> load_agent_config(const config_sources& sources) {
  loaded_config loaded;
  auto options = agent_options(loaded.values);
  auto origins = apply_sources(options, sources);
  if (!origins)
    return origins.error();
  if (auto done = check_together(loaded.values); !done)
    return done.error();
  loaded.origins = std::move(*origins);
  return loaded;
}

}  // namespace libagent
