#pragma once

#include "libagent/base/units.hpp"
#include "libagent/config/journal_choice.hpp"
#include "libagent/config/scheduling_choice.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace libagent {

/// How the scheduler hands actors to its threads: from one queue, which idle threads look at for a
/// moment before they sleep or not; or by stealing.
enum class scheduler_policy : std::uint8_t { polling, sharing, stealing };

template <>
struct enum_names<scheduler_policy> {
  static constexpr std::array<std::pair<scheduler_policy, std::string_view>, 3> values{
      {{scheduler_policy::polling, "polling"},
       {scheduler_policy::sharing, "sharing"},
       {scheduler_policy::stealing, "stealing"}}};
};

/// Which entry of the cache leaves first; the names are those of the policies.
enum class eviction_choice : std::uint8_t {
  adaptive,
  fifo,
  lru,
  lru_k,
  sieve,
  s3_fifo,
  arc,
  lirs,
  w_tinylfu,
  gdsf
};

template <>
struct enum_names<eviction_choice> {
  static constexpr std::array<std::pair<eviction_choice, std::string_view>, 10> values{
      {{eviction_choice::adaptive, "adaptive"},
       {eviction_choice::fifo, "fifo"},
       {eviction_choice::lru, "lru"},
       {eviction_choice::lru_k, "lru-k"},
       {eviction_choice::sieve, "sieve"},
       {eviction_choice::s3_fifo, "s3-fifo"},
       {eviction_choice::arc, "arc"},
       {eviction_choice::lirs, "lirs"},
       {eviction_choice::w_tinylfu, "w-tinylfu"},
       {eviction_choice::gdsf, "gdsf"}}};
};

/// What the cache is to save most of.
enum class saving_choice : std::uint8_t { hits, bytes, cost };

template <>
struct enum_names<saving_choice> {
  static constexpr std::array<std::pair<saving_choice, std::string_view>, 3> values{
      {{saving_choice::hits, "hits"},
       {saving_choice::bytes, "bytes"},
       {saving_choice::cost, "cost"}}};
};

/// Where batch tools run.
enum class worker_isolation : std::uint8_t { threads, processes };

template <>
struct enum_names<worker_isolation> {
  static constexpr std::array<std::pair<worker_isolation, std::string_view>, 2> values{
      {{worker_isolation::threads, "threads"}, {worker_isolation::processes, "processes"}}};
};

enum class log_level : std::uint8_t { error, warning, info, debug };

template <>
struct enum_names<log_level> {
  static constexpr std::array<std::pair<log_level, std::string_view>, 4> values{
      {{log_level::error, "error"},
       {log_level::warning, "warning"},
       {log_level::info, "info"},
       {log_level::debug, "debug"}}};
};

struct node_config {
  std::string name = "local";
  std::string listen;
  std::string join;
  std::string tools;
  std::chrono::milliseconds lease{5'000};
};

struct http_config {
  std::string host = "127.0.0.1";
  std::string host_names;
  std::uint16_t port = 8080;
  byte_size body_max = mebibytes(1);
  byte_size header_max = kibibytes(16);
  std::size_t connections_max = 4096;
  std::chrono::milliseconds idle_timeout = std::chrono::seconds{60};
  std::size_t io_threads = 1;
  std::string keys;
};

/// Servers of models. None at all: everything is answered from the documents.
struct model_servers_config {
  std::string file;
  std::string url;
  std::string model;
  std::string api_key_env;
};

/// Agents that are declared in files.
struct agents_config {
  std::string folder = "configs/agents";
  std::chrono::milliseconds reload_interval{2'000};
};

struct sessions_config {
  std::chrono::milliseconds passivate_after = std::chrono::minutes{2};
  std::size_t resident_max = 1'000;
  std::chrono::milliseconds retention = std::chrono::hours{24 * 30};
};

struct tasks_config {
  std::size_t handlers = 0;
  std::size_t blocking = 4;
  std::size_t workers = 0;
  std::size_t interactive_queue_max = 10'000;
  std::size_t batch_queue_max = 100'000;
  byte_size queue_bytes_max = mebibytes(64);
  std::size_t records_max = 100'000;
  std::chrono::milliseconds record_retention = std::chrono::hours{1};
  std::uint32_t attempts_max = 3;
  std::chrono::milliseconds timeout_max = std::chrono::hours{24};
  std::chrono::milliseconds queue_wait_target{20};
  std::string client_weights;
  std::size_t async_max = 16'384;
  std::uint32_t io_limit_floor = 1;
  std::uint32_t io_limit_ceiling = 256;
  std::chrono::milliseconds handler_budget{10};
  std::uint32_t handler_offences_max = 3;
};

struct cache_config {
  byte_size capacity = mebibytes(64);
  byte_size floor;
  byte_size ceiling;
  eviction_choice policy = eviction_choice::adaptive;
  saving_choice objective = saving_choice::cost;
  std::size_t shards = 1;
  std::chrono::milliseconds ttl = std::chrono::minutes{10};
  std::chrono::milliseconds stale_while_revalidate = std::chrono::minutes{1};
  std::chrono::milliseconds stale_if_error = std::chrono::minutes{10};
  byte_size disk;
};

struct memory_config {
  byte_size budget{};
  std::chrono::milliseconds sample_interval{100};
  byte_size reserve = mebibytes(16);
};

struct supervision_config {
  std::size_t max_restarts = 5;
  std::chrono::milliseconds period = std::chrono::seconds{10};
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max = std::chrono::seconds{10};
};

struct documents_config {
  std::string folder = "docs";
  std::string data_dir;
  byte_size file_size_max = mebibytes(8);
};

struct scheduler_config {
  scheduler_policy policy = scheduler_policy::polling;
  std::size_t throughput = 50;
  std::size_t threads = 0;
  interactive_policy interactive = interactive_policy::normal;
  std::chrono::milliseconds realtime_max{200};
};

struct worker_config {
  std::uint8_t nice = 19;
  worker_policy policy = worker_policy::nice;
  worker_isolation isolation = worker_isolation::threads;
  std::string cgroup;
};

struct log_config {
  log_level level = log_level::info;
  std::string file;
};

/// How servers of models and collectors prove who they are.
struct tls_config {
  std::string ca_file;
};

/// Where spans go. No endpoint: none are made.
struct telemetry_config {
  std::string otlp_endpoint;
  std::string otlp_headers_env = "OTEL_EXPORTER_OTLP_HEADERS";
  std::string otlp_headers_file;
  std::string service_name = "libagent";
  std::chrono::milliseconds export_interval{1'000};
  std::chrono::milliseconds export_timeout = std::chrono::seconds{10};
  std::size_t batch_max = 256;
  std::size_t spans_max = 4'096;
  byte_size contents_max;
};

struct journal_config {
  journal_choice sync = journal_choice::group;
  std::chrono::milliseconds sync_interval{100};
  std::chrono::milliseconds retention = std::chrono::hours{24 * 7};
  std::chrono::milliseconds dead_retention = std::chrono::hours{24 * 30};
  byte_size bytes_max = gibibytes(1);
  std::chrono::milliseconds key_retention = std::chrono::hours{24};
};

/// Tools that are not built in.
struct tools_config {
  std::string external;
};

struct shutdown_config {
  std::chrono::milliseconds grace = std::chrono::seconds{10};
};

/// All that can be configured, with its defaults. Keys, bounds and meaning of each member stand in
/// `agent_options`, and from there in docs/reference/configuration.md.
struct agent_config {
  node_config node;
  http_config http;
  model_servers_config models;
  agents_config agents;
  sessions_config sessions;
  tasks_config tasks;
  tools_config tools;
  cache_config cache;
  memory_config memory;
  supervision_config supervision;
  documents_config documents;
  scheduler_config scheduler;
  worker_config worker;
  journal_config journal;
  log_config log;
  telemetry_config telemetry;
  tls_config tls;
  shutdown_config shutdown;
};

}  // namespace libagent
