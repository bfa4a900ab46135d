#pragma once

#include "actors/protocol/interfaces.hpp"
#include "libagent/api/node_status.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/telemetry/collector/prometheus.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::actors {

struct gateway_options {
  std::string node = "local";
  std::string version = "0";
  std::vector<std::string> cache_paths;  ///< Where the shards of the cache are.
};

/// Asks other actors on behalf of HTTP requests that do not wait for a task's end, and answers
/// the exchange with what they say.
///
/// **Messages**: `serve_atom, gateway_request`: from `http_api` only. **Mailbox**: bounded by the
/// HTTP server's limit on connections, each of which has one request here. **Failure**: exchanges
/// that are not answered answer 503 by themselves; nothing else is lost: restart it permanently.
class gateway_state {
public:
  explicit gateway_state(gateway_actor::pointer self, gateway_options options = {});

  gateway_actor::behavior_type make_behavior();

  static inline const char* name = "libagent.gateway";

private:
  void serve(const gateway_request& request);
  void submit(const gateway_request& request);
  void send_record(const gateway_request& request);
  void stream_events(const gateway_request& request);
  void list_tasks(const gateway_request& request);
  void list_latest(const http_exchange_ptr& exchange, const journal_query& only);
  void retry(const gateway_request& request);
  void purge(const gateway_request& request);
  void add_schedule(const gateway_request& request);
  void list_schedules(const http_exchange_ptr& exchange);
  void find_schedule(const gateway_request& request);
  void remove_schedule(const gateway_request& request);
  void list_tools(const http_exchange_ptr& exchange);
  void show_tree(const http_exchange_ptr& exchange);
  void check_readiness(const http_exchange_ptr& exchange);
  void collect_metrics(const http_exchange_ptr& exchange);

  struct gathering;
  void show_status(const http_exchange_ptr& exchange);
  /// Asks every part for its status; the exchange is answered when all did, or had their time.
  void gather_all(const http_exchange_ptr& exchange, std::function<http_response(node_status&)> as);
  void gather_dispatcher(const std::shared_ptr<gathering>& into);
  void gather_cache(const std::shared_ptr<gathering>& into);
  void gather_cache_disk(const std::shared_ptr<gathering>& into);
  void gather_memory(const std::shared_ptr<gathering>& into);
  void gather_journal(const std::shared_ptr<gathering>& into);
  void gather_agents(const std::shared_ptr<gathering>& into);

  gateway_actor::pointer self_;
  gateway_options options_;
  time_point started_;
  caf::telemetry::collector::prometheus collector_;
};

using gateway_impl = gateway_actor::stateful_impl<gateway_state>;

}  // namespace libagent::actors
