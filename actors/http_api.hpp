#pragma once

#include "actors/protocol/interfaces.hpp"
#include "libagent/http/router.hpp"
#include "libagent/ports/http_server.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace libagent::actors {

/// The REST interface: routes requests, on the I/O threads, to the actors that answer them.
///
/// | route | answer |
/// |---|---|
/// | POST /v1/tasks | runs a tool or an agent; 202 and the record, or with `wait` its end |
/// | GET /v1/tasks | the latest tasks, or with a query those that are kept |
/// | GET /v1/tasks/{id} | one record |
/// | GET /v1/tasks/{id}/events | its changes as server-sent events |
/// | DELETE /v1/tasks/{id} | cancels it |
/// | POST /v1/tasks/{id}/retry | runs an ended task again |
/// | POST /v1/tasks/{id}/purge | forgets an ended task |
/// | POST /v1/schedules, GET /v1/schedules | runs a task at its time; lists what is planned |
/// | GET, DELETE /v1/schedules/{id} | one schedule; removes it |
/// | GET /v1/tools, GET /v1/agents | what can be run |
/// | POST /v1/agents/{name}/ask | an agent's answer |
/// | GET /v1/supervision | the live supervision tree |
/// | GET /v1/status | lanes, limits, memory, cache and the slowest tools, as one record |
/// | GET /healthz, GET /readyz | alive; takes work |
/// | GET /metrics | Prometheus' text format |
///
/// Waiting requests go straight to the dispatcher, everything else over the gateway actor. Both
/// are looked up at each request: while one is being restarted the answer is 503. What looks as
/// if a web page of another site had sent it is answered with 403.
/// Thread safety: `handle` may be called from any thread.
class http_api final : public http_handler {
public:
  /// `system` must outlive the server that calls this. `host_names`: see `check_site`.
  /// @pre `tools` is not null.
  http_api(caf::actor_system& system, std::shared_ptr<const tool_registry> tools,
           std::vector<agent_info> agents, std::vector<std::string> host_names = {});

  void handle(http_exchange_ptr exchange) override;

  /// From now on `/readyz` says 503, so that load balancers go elsewhere. Irreversible.
  void start_draining() { draining_.store(true); }

private:
  using route_handler =
      std::function<void(http_api&, const http_exchange_ptr&, const path_params&)>;

  void add_task_routes();
  void add_schedule_routes();
  void add_node_routes();

  void post_task(const http_exchange_ptr& exchange);
  void post_ask(const http_exchange_ptr& exchange, const std::string& agent);
  void post_schedule(const http_exchange_ptr& exchange);
  void list_tasks(const http_exchange_ptr& exchange);
  /// A route about the task or the schedule whose UUID is `{id}`.
  [[nodiscard]] static route_handler for_id(gateway_call call, const char* what);
  [[nodiscard]] static route_handler forward(gateway_call call);
  void run_and_wait(const http_exchange_ptr& exchange, task_request request,
                    std::function<http_response(const task_record&)> shape);
  void to_gateway(gateway_request request);

  caf::actor_system& system_;
  std::shared_ptr<const tool_registry> tools_;
  std::vector<agent_info> agents_;
  std::vector<std::string> host_names_;
  std::atomic<bool> draining_{false};
  router<route_handler> router_;
};

}  // namespace libagent::actors
