#include "actors/http_api.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/http_replies.hpp"
#include "actors/paths.hpp"
#include "actors/submitting.hpp"
#include "libagent/api/client_name.hpp"
#include "libagent/api/request_headers.hpp"
#include "libagent/api/schedule_submission.hpp"
#include "libagent/api/submission.hpp"
#include "libagent/api/task_query.hpp"
#include "libagent/api/task_reply.hpp"
#include "libagent/base/contract.hpp"
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

/// What headers and key say of a task.
expected<void> take_call_headers(const api_call& call, task_request& into) {
  if (auto read = take_headers(call.request(), into); !read)
    return read;
  into.client = call.caller.client;
  if (call.caller.key && !into.level)
    into.level = call.caller.key->level;
  return {};
}

/// The agents that an interface was made with are those there are, unless somebody knows better.
door_options with_agents(door_options door, std::vector<agent_info> agents) {
  if (!door.agents)
    door.agents = [agents = std::move(agents)] { return agents; };
  return door;
}

}  // namespace

http_api::http_api(caf::actor_system& system, std::shared_ptr<const tool_registry> tools,
                   std::vector<agent_info> agents, std::vector<std::string> host_names,
                   door_options door)
    : system_{system},
      tools_{std::move(tools)},
      host_names_{std::move(host_names)},
      keys_{door.keys},
      guard_metrics_{door.guard_metrics},
      models_{system, with_agents(std::move(door), std::move(agents))},
      sessions_{system, models_} {
  LIBAGENT_EXPECTS(tools_ != nullptr);
  add_task_routes();
  add_schedule_routes();
  add_node_routes();
  add_model_routes();
  add_session_routes();
}

void http_api::handle(http_exchange_ptr exchange) {
  const auto& request = exchange->request();
  if (const auto own = check_site(request, host_names_); !own) {
    auto refusal = to_http_error(own.error());
    refusal.status = 403;
    return models_.respond(exchange, error_response(refusal));
  }
  auto matched = router_.match(request.method, request.path);
  if (auto* refusal = std::get_if<http_response>(&matched))
    return models_.respond(exchange, std::move(*refusal));
  const auto& found_route = std::get<router<route>::found>(matched);
  auto admitted = admit(found_route.handler->who, request);
  if (auto* refusal = std::get_if<http_response>(&admitted))
    return models_.respond(exchange, std::move(*refusal));
  found_route.handler->handle(*this, {.exchange = exchange,
                                      .params = found_route.params,
                                      .caller = std::get<api_caller>(admitted)});
}

std::variant<api_caller, http_response> http_api::admit(access who,
                                                        const http_request& request) const {
  if (who == access::anybody || (who == access::metrics && !(keys_ && guard_metrics_)))
    return api_caller{};
  if (!keys_) {
    auto client = client_name(request);
    if (!client)
      return error_response(client.error());
    return api_caller{.client = *std::move(client), .key = nullptr};
  }
  auto admitted = keys_->admit(request, system_.clock().now());
  const auto* caller = std::get_if<api_caller>(&admitted);
  if (caller != nullptr && caller->is_restricted() && who != access::any_key)
    return forbidden(*caller, "use this: it is for some agents only");
  return admitted;
}

void http_api::post_task(const api_call& call) {
  const auto& exchange = call.exchange;
  auto submission = from_json<task_submission>(exchange->request().body);
  if (!submission)
    return refuse(exchange, submission.error());
  const bool wait = submission->wait;
  auto request = to_request(*std::move(submission));
  if (!request)
    return refuse(exchange, request.error());
  if (const auto read = take_call_headers(call, *request); !read)
    return refuse(exchange, read.error());
  if (wait) {
    run_and_wait(exchange, *std::move(request), ended_reply);
  } else {
    to_gateway(
        {.call = gateway_call::submit, .exchange = exchange, .request = *std::move(request)});
  }
}

void http_api::post_ask(const api_call& call) {
  const auto& exchange = call.exchange;
  const auto& agent = call.params.at("name");
  if (!call.caller.may_ask(agent))
    return exchange->respond(forbidden(call.caller, "ask the agent " + agent));
  const auto& body = exchange->request().body;
  // Checked here, so that the error names the client's own fields.
  if (const auto question = from_json<agent_question>(body); !question)
    return refuse(exchange, question.error());
  task_request request{.target = "agent:" + agent, .arguments = {body}};
  if (const auto read = take_call_headers(call, request); !read)
    return refuse(exchange, read.error());
  run_and_wait(exchange, std::move(request), answer_reply);
}

void http_api::post_schedule(const api_call& call) {
  const auto& exchange = call.exchange;
  auto submission = from_json<schedule_submission>(exchange->request().body);
  if (!submission)
    return refuse(exchange, submission.error());
  auto plan = to_request(*std::move(submission));
  if (!plan)
    return refuse(exchange, plan.error());
  plan->request.client = call.caller.client;
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
