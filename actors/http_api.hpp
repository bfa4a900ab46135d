#pragma once

#include "actors/api_call.hpp"
#include "actors/openai_door.hpp"
#include "actors/protocol/interfaces.hpp"
#include "actors/session_door.hpp"
#include "libagent/http/router.hpp"
#include "libagent/ports/http_server.hpp"
#include "libagent/tools/tool_registry.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <variant>
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
/// | POST /v1/chat/completions, POST /v1/embeddings | what clients of OpenAI's API expect |
/// | GET /v1/models, GET /v1/models/{id} | the agents, as models |
/// | GET /v1/sessions, GET, DELETE /v1/sessions/{id} | conversations that are kept |
/// | POST /v1/sessions/{id}/messages, /v1/sessions/{id}/cancel | a turn; its end |
/// | POST /v1/approvals/{id} | decides on a tool call that waits for a person |
/// | GET /v1/supervision | the live supervision tree |
/// | GET /v1/status | lanes, limits, memory, cache and the slowest tools, as one record |
/// | GET /healthz, GET /readyz | alive; takes work |
/// | GET /metrics | Prometheus' text format |
///
/// Waiting requests go straight to the dispatcher, everything else over the gateway actor. Both
/// are looked up at each request: while one is being restarted the answer is 503. What looks as
/// if a web page of another site had sent it is answered with 403. With API keys every route of
/// `/v1` wants one, and its name is who asks; see `api_keys`.
/// Thread safety: `handle` may be called from any thread.
class http_api final : public http_handler {
public:
  /// `system` must outlive the server that calls this. `host_names`: see `check_site`.
  /// @pre `tools` is not null.
  http_api(caf::actor_system& system, std::shared_ptr<const tool_registry> tools,
           std::vector<agent_info> agents, std::vector<std::string> host_names = {},
           door_options door = {});

  void handle(http_exchange_ptr exchange) override;

  /// From now on `/readyz` says 503, so that load balancers go elsewhere. Irreversible.
  void start_draining() { draining_.store(true); }

private:
  using route_handler = std::function<void(http_api&, const api_call&)>;

  /// Who may use a route, when there are keys.
  enum class access : std::uint8_t {
    anybody,    ///< Also without a key.
    metrics,    ///< As the options say.
    any_key,    ///< Also one that is for some agents only.
    whole_key,  ///< One that is for everything.
  };

  struct route {
    access who = access::whole_key;
    route_handler handle;
  };

  void add(const char* method, const char* pattern, access who, route_handler handle);
  void add_task_routes();
  void add_schedule_routes();
  void add_node_routes();
  void add_model_routes();
  void add_session_routes();

  /// Who asks, or why it may not.
  [[nodiscard]] std::variant<api_caller, http_response> admit(access who,
                                                              const http_request& request) const;

  void post_task(const api_call& call);
  void post_ask(const api_call& call);
  void post_schedule(const api_call& call);
  void list_tasks(const http_exchange_ptr& exchange);
  /// A route about the task or the schedule whose UUID is `{id}`.
  [[nodiscard]] static route_handler for_id(gateway_call call, const char* what);
  [[nodiscard]] static route_handler forward(gateway_call call);
  void run_and_wait(const http_exchange_ptr& exchange, task_request request,
                    std::function<http_response(const task_record&)> shape);
  void to_gateway(gateway_request request);

  caf::actor_system& system_;
  std::shared_ptr<const tool_registry> tools_;
  std::vector<std::string> host_names_;
  std::shared_ptr<api_keys> keys_;
  bool guard_metrics_;
  openai_door models_;
  session_door sessions_;
  std::atomic<bool> draining_{false};
  router<route> router_;
};

}  // namespace libagent::actors
