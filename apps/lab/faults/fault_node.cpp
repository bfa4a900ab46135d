#include "apps/lab/faults/fault_node.hpp"

#include "actors/http_api.hpp"
#include "actors/node.hpp"
#include "apps/lab/faults/fault_tools.hpp"
#include "libagent/adapters/crash_points.hpp"
#include "libagent/adapters/crash_report.hpp"
#include "libagent/adapters/crash_reporter.hpp"
#include "libagent/adapters/http_server.hpp"
#include "libagent/adapters/running_task_mark.hpp"
#include "libagent/adapters/sqlite_journal.hpp"
#include "libagent/adapters/worker_process.hpp"
#include "libagent/adapters/worker_server.hpp"
#include "libagent/config/agent_options.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <pthread.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace libagent::lab {

namespace {

std::vector<std::string> whole_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    all.emplace_back(*entry);
  return all;
}

std::map<std::string, std::string> variables() {
  std::map<std::string, std::string> all;
  for (const auto& each : whole_environment()) {
    if (const auto equals = each.find('='); equals != std::string::npos)
      all.emplace(each.substr(0, equals), each.substr(equals + 1));
  }
  return all;
}

int fail(const error& why) {
  std::cerr << "fault-node: " << to_string(why) << '\n';
  return 1;
}

/// One JSON object a line on standard error, at once.
class stderr_events final : public event_sink {
public:
  void emit(const event_kind& kind, std::span<const event_field> fields) noexcept override {
    nlohmann::ordered_json line{{"event", kind.name}};
    for (const auto& each : fields)
      std::visit([&](const auto& value) { line[std::string{each.name}] = value; }, each.value);
    const auto text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    (void)!::write(STDERR_FILENO, text.data(), text.size());
  }
};

journal_sync sync_kind_of(journal_choice choice) {
  switch (choice) {
    using enum journal_choice;
    case none: return journal_sync::none;
    case interval: return journal_sync::interval;
    case off:
    case group: break;
  }
  return journal_sync::group;
}

/// What a node is started with, as far as an experiment with faults is concerned.
class served_node {
public:
  explicit served_node(const agent_config& config)
      : config_{config}, tasks_dir_{std::filesystem::path{config.documents.data_dir} / "tasks"} {}

  expected<void> start(const std::filesystem::path& effects);
  expected<std::uint16_t> serve();
  int stop_on_signals(const sigset_t& signals);

private:
  expected<actors::node_parts> make_parts();
  expected<std::shared_ptr<const tool_registry>> place(const tool_registry& inside);

  const agent_config& config_;
  std::filesystem::path tasks_dir_;
  event_sink_ptr events_ = std::make_shared<stderr_events>();
  std::unique_ptr<crash_reporter> reporter_;
  std::shared_ptr<const tool_registry> inside_;
  std::shared_ptr<worker_processes> processes_;
  std::unique_ptr<actors::node> node_;
  std::shared_ptr<actors::http_api> api_;
  std::unique_ptr<http_server> server_;
};

expected<actors::node_parts> served_node::make_parts() {
  sqlite_journal_options options{.file = tasks_dir_ / "journal.sqlite",
                                 .sync = sync_kind_of(config_.journal.sync)};
  auto journal = open_sqlite_journal(std::move(options));
  if (!journal)
    return journal.error();
  actors::node_parts parts{.events = events_};
  parts.journal = std::make_shared<journal_access>(with_crash_points(*std::move(journal)));
  for (auto& report : take_crash_reports(tasks_dir_).reports) {
    parts.crashes.push_back({.signal = std::move(report.signal),
                             .task = report.task,
                             .target = std::move(report.target),
                             .backtrace = std::move(report.backtrace)});
  }
  auto reporter = install_crash_reporter(tasks_dir_);
  if (!reporter)
    return reporter.error();
  reporter_ = *std::move(reporter);
  parts.mark_run = [](const task_id& id, std::string_view target) { begin_task_mark(id, target); };
  parts.unmark_run = [] { end_task_mark(); };
  parts.apart = [inside = inside_, pool = processes_](const std::string& name) {
    auto found = inside->find(name);
    return found ? in_worker_process(std::move(found), pool) : std::shared_ptr<tool>{};
  };
  return parts;
}

expected<std::shared_ptr<const tool_registry>> served_node::place(const tool_registry& inside) {
  auto placed = std::make_shared<tool_registry>();
  for (const auto& one : inside.list()) {
    const bool moves = one->spec().tool_isolation == isolation::process;
    if (auto added = placed->add(moves ? in_worker_process(one, processes_) : one); !added)
      return added.error();
  }
  return std::shared_ptr<const tool_registry>{std::move(placed)};
}

expected<void> served_node::start(const std::filesystem::path& effects) {
  auto tools = make_fault_tools(effects);
  if (!tools)
    return tools.error();
  inside_ = *std::move(tools);
  auto processes = worker_processes::open({.program = {"/proc/self/exe", "fault-worker"},
                                           .environment = whole_environment(),
                                           .count_max = config_.tasks.workers,
                                           .sandbox = {.writable = {effects.string()}}});
  if (!processes)
    return processes.error();
  processes_ = *std::move(processes);
  auto placed = place(*inside_);
  if (!placed)
    return placed.error();
  auto parts = make_parts();
  if (!parts)
    return parts.error();
  parts->on_failure = [](const error& why) {
    (void)fail(why);
    std::_Exit(3);
  };
  actors::node_options options{.handlers = config_.tasks.handlers,
                               .blocking = config_.tasks.blocking,
                               .workers = config_.tasks.workers,
                               .sync = sync_kind_of(config_.journal.sync),
                               .sync_interval = config_.journal.sync_interval};
  options.tasks.attempts_max = config_.tasks.attempts_max;
  options.tasks.record_retention = config_.tasks.record_retention;
  options.tasks.keys.age = config_.journal.key_retention;
  auto node = actors::node::start(options, *std::move(placed), {}, *parts);
  if (!node)
    return node.error();
  node_ = *std::move(node);
  return {};
}

expected<std::uint16_t> served_node::serve() {
  api_ = std::make_shared<actors::http_api>(node_->system(), node_->tools(), node_->agents());
  server_ = make_http_server({.host = config_.http.host, .port = config_.http.port}, api_);
  return server_->start();
}

/// As `agent serve` ends: the first signal drains, the second one hurries.
int served_node::stop_on_signals(const sigset_t& signals) {
  int signal = 0;
  while (::sigwait(&signals, &signal) != 0) {
  }
  std::thread hurrying{[&] {
    int next = 0;
    if (::sigwait(&signals, &next) == 0 && next != SIGUSR2)
      node_->hurry();
  }};
  api_->start_draining();
  server_->stop_accepting();
  const auto stopped = node_->stop(config_.shutdown.grace);
  server_->stop(std::chrono::seconds{1});
  (void)::pthread_kill(hurrying.native_handle(), SIGUSR2);
  hurrying.join();
  if (!stopped.shut_down)
    std::_Exit(1);
  return 0;
}

}  // namespace

int run_fault_node() {
  sigset_t signals{};
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR2})
    sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Inherited by every thread that follows.

  auto all = variables();
  const std::filesystem::path effects = all["FAULT_EFFECTS"];
  config_sources sources;
  sources.environment = std::move(all);
  const auto loaded = load_agent_config(sources);
  if (!loaded)
    return fail(loaded.error());
  served_node node{loaded->values};
  if (auto started = node.start(effects); !started)
    return fail(started.error());
  const auto port = node.serve();
  if (!port)
    return fail(port.error());
  const nlohmann::ordered_json ready{{"event", "ready"},
                                     {"pid", ::getpid()},
                                     {"http", "http://127.0.0.1:" + std::to_string(*port)}};
  std::cout << ready.dump() << '\n' << std::flush;
  return node.stop_on_signals(signals);
}

int run_fault_worker() {
  const auto channel = take_standard_streams();
  if (!channel)
    return fail(channel.error());
  const auto tools = make_fault_tools(variables()["FAULT_EFFECTS"]);
  return tools ? serve_worker(*channel, **tools) : fail(tools.error());
}

}  // namespace libagent::lab
