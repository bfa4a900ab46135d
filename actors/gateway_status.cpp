// The part of the gateway that tells how the node is: readiness, status and metrics.

#include "actors/bridge/directory.hpp"
#include "actors/gateway.hpp"
#include "actors/paths.hpp"
#include "libagent/api/metrics_text.hpp"
#include "libagent/cache/shard_stats.hpp"
#include "libagent/record/json.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

namespace libagent::actors {

namespace {

/// Parts that hang must not hold a scrape or a probe.
constexpr auto status_patience = std::chrono::seconds{2};

constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Asks whoever is at `path` for its status; `on_end` runs in any case, with the status or null.
template <class Status, class Handle, class OnEnd>
void ask_status(gateway_actor::pointer self, const char* path, const OnEnd& on_end) {
  const auto part = find<Handle>(self->system(), path);
  if (!part)
    return on_end(nullptr);
  self->template request<caf::message_priority::high>(part, status_patience, status_atom_v)
      .then([on_end](const Status& status) { on_end(&status); },
            [on_end](const caf::error&) { on_end(nullptr); });
}

}  // namespace

/// A page in the making: it is sent when the last part let go of it.
struct gateway_state::gathering {
  using render = std::function<http_response(node_status&)>;

  gathering(http_exchange_ptr asked, render as)
      : exchange{std::move(asked)}, finish{std::move(as)} {}

  gathering(const gathering&) = delete;
  gathering& operator=(const gathering&) = delete;

  ~gathering() {
    if (snapshot.dispatcher && snapshot.memory) {
      // The dispatcher does these for the monitor.
      snapshot.memory->actions.preempted = snapshot.dispatcher->preempted;
      snapshot.memory->actions.cancelled = snapshot.dispatcher->ended_for_memory;
    }
    exchange->respond(finish(snapshot));
  }

  node_status snapshot;
  http_exchange_ptr exchange;
  render finish;
};

void gateway_state::check_readiness(const http_exchange_ptr& exchange) {
  ask_status<dispatcher_status, dispatcher_actor>(
      self_, dispatcher_path, [exchange](const dispatcher_status* status) {
        const bool ready =
            status && status->interactive.executors > 0 && status->batch.executors > 0;
        exchange->respond(json_response(
            ready ? 200 : 503, ready ? R"({"status":"ready"})" : R"({"status":"starting"})"));
      });
}

void gateway_state::collect_metrics(const http_exchange_ptr& exchange) {
  const auto collected = collector_.collect_from(self_->system().metrics());
  std::string runtime{collected.begin(), collected.end()};
  gather_all(exchange, [runtime = std::move(runtime)](node_status& snapshot) {
    return http_response{.status = 200,
                         .headers = {{"Content-Type", metrics_content_type}},
                         .body = metrics_text(snapshot) + runtime};
  });
}

void gateway_state::show_status(const http_exchange_ptr& exchange) {
  gather_all(exchange, [](node_status& snapshot) { return json_response(200, to_json(snapshot)); });
}

void gateway_state::gather_all(const http_exchange_ptr& exchange,
                               std::function<http_response(node_status&)> as) {
  auto page = std::make_shared<gathering>(exchange, std::move(as));
  page->snapshot.node = options_.node;
  page->snapshot.version = options_.version;
  page->snapshot.uptime =
      std::chrono::duration_cast<std::chrono::milliseconds>(self_->clock().now() - started_);
  gather_dispatcher(page);
  gather_cache(page);
  gather_cache_disk(page);
  gather_memory(page);
  gather_journal(page);
  gather_agents(page);
}

void gateway_state::gather_dispatcher(const std::shared_ptr<gathering>& into) {
  ask_status<dispatcher_status, dispatcher_actor>(self_, dispatcher_path,
                                                  [into](const dispatcher_status* status) {
                                                    if (status)
                                                      into->snapshot.dispatcher = *status;
                                                  });
}

void gateway_state::gather_cache(const std::shared_ptr<gathering>& into) {
  for (const auto& path : options_.cache_paths) {
    ask_status<cache_stats, cache_actor>(self_, path.c_str(), [into](const cache_stats* stats) {
      if (!stats)
        return;
      if (into->snapshot.cache) {
        add_shard(*into->snapshot.cache, *stats);
      } else {
        into->snapshot.cache = *stats;
      }
    });
  }
}

void gateway_state::gather_cache_disk(const std::shared_ptr<gathering>& into) {
  ask_status<cache_level_stats, cache_disk_actor>(self_, cache_disk_path,
                                                  [into](const cache_level_stats* stats) {
                                                    if (stats)
                                                      into->snapshot.cache_disk = *stats;
                                                  });
}

void gateway_state::gather_memory(const std::shared_ptr<gathering>& into) {
  ask_status<memory_status, memory_monitor_actor>(self_, memory_monitor_path,
                                                  [into](const memory_status* status) {
                                                    if (status)
                                                      into->snapshot.memory = *status;
                                                  });
}

void gateway_state::gather_journal(const std::shared_ptr<gathering>& into) {
  ask_status<journal_stats, journal_actor>(self_, journal_path, [into](const journal_stats* stats) {
    if (stats)
      into->snapshot.journal = *stats;
  });
}

void gateway_state::gather_agents(const std::shared_ptr<gathering>& into) {
  ask_status<models_status, model_gateway_actor>(self_, model_gateway_path,
                                                 [into](const models_status* status) {
                                                   if (status)
                                                     into->snapshot.models = *status;
                                                 });
  ask_status<sessions_status, sessions_actor>(self_, sessions_path,
                                              [into](const sessions_status* status) {
                                                if (status)
                                                  into->snapshot.sessions = *status;
                                              });
}

}  // namespace libagent::actors
