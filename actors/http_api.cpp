#include "actors/http_api.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/http_replies.hpp"
#include "actors/paths.hpp"
#include "actors/submitting.hpp"
#include "libagent/api/client_name.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/request_headers.hpp"
#include "libagent/api/schedule_submission.hpp"
#include "libagent/api/submission.hpp"
#include "libagent/api/task_query.hpp"
#include "libagent/api/task_reply.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/http/site_check.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tools/requested_lane.hpp"

#include <caf/send.hpp>

#include <utility>
#include <variant>

namespace libagent::actors {

namespace {

void refuse(const http_exchange_ptr& exchange, const error& why) {
  exchange->respond(error_response(why));
}

error restarting(const char* part) {
  return {errc::unavailable, std::string{"reach the "} + part + ": it is being restarted"};
}

/// The agent's own answer, without the task around it.
http_response answer_reply(const task_record& record) {
  if (record.state != task_state::succeeded)
    return ended_reply(record);
  auto reply = json_response(200, record.result ? record.result->text : "null");
  reply.headers.add("X-Task-Id", to_string(record.id));
  return reply;
}

}  // namespace

http_api::http_api(caf::actor_system& system, std::shared_ptr<const tool_registry> tools,
                   std::vector<agent_info> agents, std::vector<std::string> host_names)
    : system_{system},
      tools_{std::move(tools)},
      agents_{std::move(agents)},
      host_names_{std::move(host_names)} {
  LIBAGENT_EXPECTS(tools_ != nullptr);
  add_task_routes();
  add_schedule_routes();
  add_node_routes();
}

http_api::route_handler http_api::forward(gateway_call call) {
  return [call](http_api& self, const http_exchange_ptr& exchange, const path_params&) {
    self.to_gateway({.call = call, .exchange = exchange});
  };
}

http_api::route_handler http_api::for_id(gateway_call call, const char* what) {
  return
      [call, what](http_api& self, const http_exchange_ptr& exchange, const path_params& params) {
        const auto& text = params.at("id");
        if (const auto id = task_id_from_string(text)) {
          self.to_gateway({.call = call, .exchange = exchange, .id = *id});
        } else {
          refuse(exchange, {errc::invalid_argument, std::string{"read "} + what + " id " +
                                                        quoted_excerpt(text) +
                                                        ": expected a UUID of 36 characters"});
        }
      };
}

void http_api::add_task_routes() {
  router_.add("POST", "/v1/tasks",
              [](http_api& self, const http_exchange_ptr& exchange, const path_params&) {
                self.post_task(exchange);
              });
  router_.add("GET", "/v1/tasks",
              [](http_api& self, const http_exchange_ptr& exchange, const path_params&) {
                self.list_tasks(exchange);
              });
  router_.add("GET", "/v1/tasks/{id}", for_id(gateway_call::lookup, "task"));
  router_.add("GET", "/v1/tasks/{id}/events", for_id(gateway_call::events, "task"));
  router_.add("DELETE", "/v1/tasks/{id}", for_id(gateway_call::cancel, "task"));
  router_.add("POST", "/v1/tasks/{id}/retry", for_id(gateway_call::retry, "task"));
  router_.add("POST", "/v1/tasks/{id}/purge", for_id(gateway_call::purge, "task"));
  router_.add("POST", "/v1/agents/{name}/ask",
              [](http_api& self, const http_exchange_ptr& exchange, const path_params& params) {
                self.post_ask(exchange, params.at("name"));
              });
}

void http_api::add_schedule_routes() {
  router_.add("POST", "/v1/schedules",
              [](http_api& self, const http_exchange_ptr& exchange, const path_params&) {
                self.post_schedule(exchange);
              });
  router_.add("GET", "/v1/schedules", forward(gateway_call::list_schedules));
  router_.add("GET", "/v1/schedules/{id}", for_id(gateway_call::find_schedule, "schedule"));
  router_.add("DELETE", "/v1/schedules/{id}", for_id(gateway_call::remove_schedule, "schedule"));
}

void http_api::add_node_routes() {
  router_.add("GET", "/v1/tools", forward(gateway_call::list_tools));
  router_.add("GET", "/v1/supervision", forward(gateway_call::supervision));
  router_.add("GET", "/v1/status", forward(gateway_call::status));
  router_.add("GET", "/metrics", forward(gateway_call::metrics));
  router_.add("GET", "/v1/agents",
              [](http_api& self, const http_exchange_ptr& exchange, const path_params&) {
                exchange->respond(json_response(200, listing_json(self.agents_)));
              });
  router_.add("GET", "/healthz",
              [](http_api&, const http_exchange_ptr& exchange, const path_params&) {
                exchange->respond(json_response(200, R"({"status":"ok"})"));
              });
  router_.add("GET", "/readyz",
              [](http_api& self, const http_exchange_ptr& exchange, const path_params&) {
                if (self.draining_.load()) {
                  exchange->respond(json_response(503, R"({"status":"draining"})"));
                } else {
                  self.to_gateway({.call = gateway_call::readiness, .exchange = exchange});
                }
              });
}

void http_api::handle(http_exchange_ptr exchange) {
  if (const auto own = check_site(exchange->request(), host_names_); !own) {
    auto refusal = to_http_error(own.error());
    refusal.status = 403;
    exchange->respond(error_response(refusal));
    return;
  }
  auto matched = router_.match(exchange->request().method, exchange->request().path);
  if (auto* refusal = std::get_if<http_response>(&matched)) {
    exchange->respond(std::move(*refusal));
    return;
  }
  const auto& found_route = *std::get_if<router<route_handler>::found>(&matched);
  (*found_route.handler)(*this, exchange, found_route.params);
}

void http_api::post_task(const http_exchange_ptr& exchange) {
  auto submission = from_json<task_submission>(exchange->request().body);
  if (!submission)
    return refuse(exchange, submission.error());
  const bool wait = submission->wait;
  auto request = to_request(*std::move(submission));
  if (!request)
    return refuse(exchange, request.error());
  if (const auto read = take_headers(exchange->request(), *request); !read)
    return refuse(exchange, read.error());
  if (wait) {
    run_and_wait(exchange, *std::move(request), ended_reply);
  } else {
    to_gateway(
        {.call = gateway_call::submit, .exchange = exchange, .request = *std::move(request)});
  }
}

void http_api::post_ask(const http_exchange_ptr& exchange, const std::string& agent) {
  const auto& body = exchange->request().body;
  // Checked here, so that the error names the client's own fields.
  if (const auto question = from_json<agent_question>(body); !question)
    return refuse(exchange, question.error());
  task_request request{.target = "agent:" + agent, .arguments = {body}};
  if (const auto read = take_headers(exchange->request(), request); !read)
    return refuse(exchange, read.error());
  run_and_wait(exchange, std::move(request), answer_reply);
}

void http_api::post_schedule(const http_exchange_ptr& exchange) {
  auto submission = from_json<schedule_submission>(exchange->request().body);
  if (!submission)
    return refuse(exchange, submission.error());
  auto plan = to_request(*std::move(submission));
  if (!plan)
    return refuse(exchange, plan.error());
  auto client = client_name(exchange->request());
  if (!client)
    return refuse(exchange, client.error());
  plan->request.client = *std::move(client);
  to_gateway({.call = gateway_call::add_schedule, .exchange = exchange, .plan = *std::move(plan)});
}

void http_api::list_tasks(const http_exchange_ptr& exchange) {
  auto query = read_task_query(exchange->request().query);
  if (!query)
    return refuse(exchange, query.error());
  to_gateway({.call = gateway_call::list_tasks, .exchange = exchange, .query = *std::move(query)});
}

void http_api::run_and_wait(const http_exchange_ptr& exchange, task_request request,
                            std::function<http_response(const task_record&)> shape) {
  const auto dispatcher = find<dispatcher_actor>(system_, dispatcher_path);
  if (!dispatcher)
    return refuse(exchange, restarting("dispatcher"));
  // A key says that the client comes back for the task, perhaps because its connection broke.
  auto cancel = [&system = system_, comes_back = !request.key.empty()](const task_id& id) {
    if (comes_back)
      return;
    if (const auto now = find<dispatcher_actor>(system, dispatcher_path)) {
      caf::anon_send<caf::message_priority::high>(now, cancel_atom_v, id,
                                                  std::string{"the client went away"});
    }
  };
  const auto requested = requested_lane(*tools_, request);
  send_submit(dispatcher, requested, std::move(request),
              wait_reply::make(exchange, std::move(shape), std::move(cancel)));
}

void http_api::to_gateway(gateway_request request) {
  if (const auto gateway = find<gateway_actor>(system_, gateway_path)) {
    caf::anon_send(gateway, serve_atom_v, std::move(request));
  } else {
    refuse(request.exchange, restarting("gateway"));
  }
}

}  // namespace libagent::actors
