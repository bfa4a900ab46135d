#include "actors/http_api.hpp"
#include "apps/agent/commands.hpp"
#include "apps/agent/event_log.hpp"
#include "apps/agent/settings.hpp"
#include "apps/agent/signals.hpp"
#include "apps/agent/terminal.hpp"
#include "apps/agent/wiring.hpp"
#include "libagent/adapters/http_server.hpp"
#include "libagent/adapters/open_files.hpp"
#include "libagent/adapters/secrets.hpp"
#include "libagent/adapters/sha256.hpp"
#include "libagent/adapters/text_file.hpp"
#include "libagent/base/text.hpp"

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

namespace libagent::app {

namespace {

constexpr auto listen_patience = std::chrono::seconds{5};
constexpr std::size_t keys_file_bytes_max = std::size_t{8} << 20U;
/// For answers that are being sent when every task has ended.
constexpr auto last_answers = std::chrono::seconds{1};

/// Why the server should end: a signal, or a node that gave up.
class end_of_service {
public:
  void request(std::optional<error> failure) {
    {
      const std::lock_guard guard{mutex_};
      if (requested_)
        return;
      requested_ = true;
      failure_ = std::move(failure);
    }
    changed_.notify_all();
  }

  /// Asked twice: whatever runs is stopped now.
  void hurry() {
    const std::lock_guard guard{mutex_};
    is_hurried_ = true;
    if (on_hurry_)
      on_hurry_();
  }

  /// `call` runs once somebody is in a hurry, at once if somebody is already; null: nothing does.
  void on_hurry(std::function<void()> call) {
    const std::lock_guard guard{mutex_};
    on_hurry_ = std::move(call);
    if (is_hurried_ && on_hurry_)
      on_hurry_();
  }

  [[nodiscard]] std::optional<error> wait() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return requested_; });
    return failure_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;
  bool is_hurried_ = false;
  std::function<void()> on_hurry_;
  std::optional<error> failure_;
};

http_options http_options_of(const http_config& config, std::function<void()> on_thread_start) {
  return {.host = config.host,
          .port = config.port,
          .io_threads = config.io_threads,
          .connections_max = config.connections_max,
          .header_bytes_max = config.header_max.bytes,
          .body_bytes_max = config.body_max.bytes,
          .idle_timeout = config.idle_timeout,
          .on_problem = [](const error& problem) { complain(to_string(problem)); },
          .on_thread_start = std::move(on_thread_start)};
}

/// The keys that open the HTTP interface; null: none are asked for.
expected<std::shared_ptr<api_keys>> read_keys(const http_config& config) {
  if (config.keys.empty())
    return std::shared_ptr<api_keys>{};
  const auto text = read_text_file(config.keys, keys_file_bytes_max);
  if (!text)
    return text.error();
  auto keys = api_keys::read(
      *text, {.sha256 = sha256, .environment = read_secret_variable, .file = read_secret_file});
  if (!keys)
    return error{keys.error().code, config.keys + ": " + keys.error().context};
  return keys;
}

/// The HTTP interface of a node.
std::shared_ptr<actors::http_api> make_api(const agent_node& node, const http_config& config,
                                           std::shared_ptr<api_keys> keys) {
  const auto names = split_list(config.host_names);
  std::random_device random;
  return std::make_shared<actors::http_api>(
      node.node->system(), node.node->tools(), node.node->agents(),
      std::vector<std::string>{names.begin(), names.end()},
      actors::door_options{.keys = std::move(keys),
                           .agents = [&node] { return node.node->agents(); },
                           .id_seed = std::uint64_t{random()} << 32U | random()});
}

/// Where other nodes can join; empty: nowhere.
expected<std::optional<endpoint>> wait_for_peers_port(const agent_config& config,
                                                      std::promise<expected<endpoint>>& listening) {
  if (config.node.listen.empty())
    return std::optional<endpoint>{};
  auto where = listening.get_future();
  if (where.wait_for(listen_patience) != std::future_status::ready)
    return error{errc::deadline_exceeded, "listen on " + config.node.listen};
  const auto outcome = where.get();
  if (!outcome)
    return outcome.error();
  return std::optional{*outcome};
}

/// Indexing in the background; questions meanwhile are answered from what is there.
void index_in_background(const agent_node& node, const agent_config& config) {
  std::error_code failed;
  if (!node.node->tools()->find("index_folder") ||
      !std::filesystem::is_directory(documents_folder(config), failed))
    return;
  node.client().start({.target = "index_folder"});
}

/// The line that tells programs where the server is; people read the one on standard error.
void say_ready(const agent_config& config, std::uint16_t port,
               const std::optional<endpoint>& listens) {
  const auto url = "http://" + config.http.host + ":" + std::to_string(port);
  nlohmann::ordered_json ready{
      {"event", "ready"}, {"pid", getpid()}, {"http", url}, {"node", config.node.name}};
  if (listens)
    ready["listen"] = to_string(*listens);
  std::cout << ready.dump() << '\n' << std::flush;
  complain("serving " + url + " as node " + config.node.name + "; Ctrl-C stops");
}

/// The first signal ends the service, the second one hurries, the third one has no patience left.
void take_signal(end_of_service& end, int earlier) {
  if (earlier > 1)
    std::_Exit(exit_failed);
  if (earlier > 0) {
    end.hurry();
  } else {
    end.request(std::nullopt);
  }
}

/// Ends everything in order. Tasks first, so that those who wait for them get their answers.
int end_service(actors::http_api& api, http_server& server, agent_node& node,
                std::chrono::milliseconds grace) {
  api.start_draining();
  server.stop_accepting();
  const auto stopped = node.node->stop(grace);
  server.stop(last_answers);
  if (!stopped.shut_down) {
    complain("a tool ignores its stop request; ending the process without it");
    std::_Exit(exit_failed);
  }
  if (!stopped.drained && grace.count() > 0) {
    complain("stopped with tasks that had not ended within " + std::to_string(grace.count()) +
             " ms" + (stopped.kept ? "; accepted ones go on at the next start" : ""));
  }
  return exit_ok;
}

}  // namespace

int run_serve(const serve_command&, const loaded_config& loaded) {
  const auto& config = loaded.values;
  end_of_service end;
  const signal_watch signals{[&end](int, int earlier) { take_signal(end, earlier); }};
  auto log = open_event_log(config.log);
  if (!log)
    return report_failure(log.error());

  if (const auto raised = raise_open_file_limit(); !raised)
    complain(to_string(raised.error()));

  std::promise<expected<endpoint>> listening;
  std::once_flag told_once;
  wiring_options options{
      .with_peers = true, .with_journal = true, .with_sessions = true, .events = *std::move(log)};
  options.on_listening = [&](const expected<endpoint>& where) {
    std::call_once(told_once, [&] { listening.set_value(where); });
  };
  options.on_failure = [&end](const error& why) { end.request(why); };
  const auto keys = read_keys(config.http);
  if (!keys)
    return report_failure(keys.error());
  if (*keys)
    options.client_budget = [all = *keys](std::string_view who) { return all->budget_of(who); };
  auto node = start_agent_node(loaded, options);
  if (!node)
    return report_failure(node.error());

  const auto api = make_api(*node, config.http, *keys);
  const auto server = make_http_server(http_options_of(config.http, node->raise_priority), api);
  const auto port = server->start();
  if (!port)
    return report_failure(port.error());
  const auto listens = wait_for_peers_port(config, listening);
  if (!listens)
    return report_failure(listens.error());
  index_in_background(*node, config);
  say_ready(config, *port, *listens);

  const auto failure = end.wait();
  end.on_hurry([&node] { node->node->hurry(); });
  const auto code = end_service(*api, *server, *node, config.shutdown.grace);
  end.on_hurry({});
  return failure ? report_failure(*failure) : code;
}

}  // namespace libagent::app
