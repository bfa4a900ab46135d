#include "actors/gateway.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/http_replies.hpp"
#include "actors/paths.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/metrics_text.hpp"
#include "libagent/api/task_reply.hpp"
#include "libagent/cache/shard_stats.hpp"
#include "libagent/http/http_error.hpp"
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

/// Asks whoever is at `path`; on any error, absence included, answers the exchange with it.
template <class Handle, class OnResult, class... Args>
void ask_for(gateway_actor::pointer self, const char* path, const http_exchange_ptr& exchange,
             OnResult on_result, Args&&... args) {
  const auto part = find<Handle>(self->system(), path);
  if (!part) {
    exchange->respond(error_response(
        error{errc::unavailable, std::string{"reach "} + path + ": it is being restarted"}));
    return;
  }
  self->template request<caf::message_priority::high>(part, caf::infinite,
                                                      std::forward<Args>(args)...)
      .then(std::move(on_result), [exchange](const caf::error& failure) {
        exchange->respond(error_response(from_caf_error(failure)));
      });
}

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

gateway_state::gateway_state(gateway_actor::pointer self, gateway_options options)
    : self_{self}, options_{std::move(options)}, started_{self->clock().now()} {}

gateway_actor::behavior_type gateway_state::make_behavior() {
  set_quiet_handlers(self_);
  return {[this](serve_atom, const gateway_request& request) { serve(request); }};
}

void gateway_state::serve(const gateway_request& request) {
  switch (request.call) {
    case gateway_call::submit: return submit(request);
    case gateway_call::lookup:
    case gateway_call::cancel: return send_record(request);
    case gateway_call::events: return stream_events(request);
    case gateway_call::list_tasks: return list_tasks(request.exchange);
    case gateway_call::list_tools: return list_tools(request.exchange);
    case gateway_call::supervision: return show_tree(request.exchange);
    case gateway_call::status: return show_status(request.exchange);
    case gateway_call::metrics: return collect_metrics(request.exchange);
    case gateway_call::readiness: return check_readiness(request.exchange);
  }
}

void gateway_state::submit(const gateway_request& request) {
  const auto accepted = [exchange = request.exchange](const task_record& record) {
    auto reply = record_reply(record, 202);
    reply.headers.add("Location", "/v1/tasks/" + to_string(record.id));
    exchange->respond(std::move(reply));
  };
  ask_for<dispatcher_actor>(self_, dispatcher_path, request.exchange, accepted, submit_atom_v,
                            request.request);
}

void gateway_state::send_record(const gateway_request& request) {
  const auto send = [exchange = request.exchange](const task_record& record) {
    exchange->respond(record_reply(record));
  };
  if (request.call == gateway_call::cancel) {
    ask_for<dispatcher_actor>(self_, dispatcher_path, request.exchange, send, cancel_atom_v,
                              request.id, std::string{"cancelled by a client"});
  } else {
    ask_for<dispatcher_actor>(self_, dispatcher_path, request.exchange, send, lookup_atom_v,
                              request.id);
  }
}

void gateway_state::stream_events(const gateway_request& request) {
  auto stream = std::make_shared<event_stream_reply>(request.exchange);
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, request.exchange, [] {}, watch_atom_v, request.id,
      observer_ref{std::move(stream)});
}

void gateway_state::list_tasks(const http_exchange_ptr& exchange) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, exchange,
      [exchange](const std::vector<task_record>& records) {
        exchange->respond(json_response(200, listing_json(records)));
      },
      list_atom_v);
}

void gateway_state::list_tools(const http_exchange_ptr& exchange) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, exchange,
      [exchange](const std::vector<tool_info>& tools) {
        exchange->respond(json_response(200, listing_json(tools)));
      },
      list_atom_v, ready_atom_v);
}

void gateway_state::show_tree(const http_exchange_ptr& exchange) {
  ask_for<supervisor_actor>(
      self_, root_path, exchange,
      [exchange](const supervision_node& root) {
        exchange->respond(json_response(200, to_json(root)));
      },
      describe_atom_v);
}

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

}  // namespace libagent::actors
