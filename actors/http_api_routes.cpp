#include "actors/http_api.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/base/text.hpp"
#include "libagent/http/http_error.hpp"

#include <string>
#include <utility>

// The routing half of the class: what leads where, and who may go there.

namespace libagent::actors {

void http_api::add(const char* method, const char* pattern, access who, route_handler handle) {
  router_.add(method, pattern, {.who = who, .handle = std::move(handle)});
}

http_api::route_handler http_api::forward(gateway_call call) {
  return [call](http_api& self, const api_call& asked) {
    self.to_gateway({.call = call, .exchange = asked.exchange});
  };
}

http_api::route_handler http_api::for_id(gateway_call call, const char* what) {
  return [call, what](http_api& self, const api_call& asked) {
    const auto& text = asked.params.at("id");
    if (const auto id = task_id_from_string(text)) {
      self.to_gateway({.call = call, .exchange = asked.exchange, .id = *id});
    } else {
      asked.exchange->respond(error_response(error{
          errc::invalid_argument, std::string{"read "} + what + " id " + quoted_excerpt(text) +
                                      ": expected a UUID of 36 characters"}));
    }
  };
}

void http_api::add_task_routes() {
  using enum access;
  add("POST", "/v1/tasks", whole_key,
      [](http_api& self, const api_call& call) { self.post_task(call); });
  add("GET", "/v1/tasks", whole_key,
      [](http_api& self, const api_call& call) { self.list_tasks(call.exchange); });
  add("GET", "/v1/tasks/{id}", whole_key, for_id(gateway_call::lookup, "task"));
  add("GET", "/v1/tasks/{id}/events", whole_key, for_id(gateway_call::events, "task"));
  add("DELETE", "/v1/tasks/{id}", whole_key, for_id(gateway_call::cancel, "task"));
  add("POST", "/v1/tasks/{id}/retry", whole_key, for_id(gateway_call::retry, "task"));
  add("POST", "/v1/tasks/{id}/purge", whole_key, for_id(gateway_call::purge, "task"));
  add("POST", "/v1/agents/{name}/ask", any_key,
      [](http_api& self, const api_call& call) { self.post_ask(call); });
}

void http_api::add_schedule_routes() {
  using enum access;
  add("POST", "/v1/schedules", whole_key,
      [](http_api& self, const api_call& call) { self.post_schedule(call); });
  add("GET", "/v1/schedules", whole_key, forward(gateway_call::list_schedules));
  add("GET", "/v1/schedules/{id}", whole_key, for_id(gateway_call::find_schedule, "schedule"));
  add("DELETE", "/v1/schedules/{id}", whole_key, for_id(gateway_call::remove_schedule, "schedule"));
}

void http_api::add_node_routes() {
  using enum access;
  add("GET", "/v1/tools", whole_key, forward(gateway_call::list_tools));
  add("GET", "/v1/supervision", whole_key, forward(gateway_call::supervision));
  add("GET", "/v1/status", whole_key, forward(gateway_call::status));
  add("GET", "/metrics", metrics, forward(gateway_call::metrics));
  add("GET", "/v1/agents", any_key, [](http_api& self, const api_call& call) {
    call.exchange->respond(json_response(200, listing_json(self.models_.agents_of(call.caller))));
  });
  add("GET", "/healthz", anybody, [](http_api&, const api_call& call) {
    call.exchange->respond(json_response(200, R"({"status":"ok"})"));
  });
  add("GET", "/readyz", anybody, [](http_api& self, const api_call& call) {
    if (self.draining_.load()) {
      call.exchange->respond(json_response(503, R"({"status":"draining"})"));
    } else {
      self.to_gateway({.call = gateway_call::readiness, .exchange = call.exchange});
    }
  });
}

void http_api::add_model_routes() {
  using enum access;
  add("POST", "/v1/chat/completions", any_key,
      [](http_api& self, const api_call& call) { self.models_.complete(call); });
  add("GET", "/v1/models", any_key,
      [](http_api& self, const api_call& call) { self.models_.list_models(call); });
  add("GET", "/v1/models/{id}", any_key,
      [](http_api& self, const api_call& call) { self.models_.find_model(call); });
  add("POST", "/v1/embeddings", whole_key,
      [](http_api& self, const api_call& call) { self.models_.embed(call); });
}

void http_api::add_session_routes() {
  using enum access;
  add("GET", "/v1/sessions", any_key,
      [](http_api& self, const api_call& call) { self.sessions_.list(call); });
  add("GET", "/v1/sessions/{id}", any_key,
      [](http_api& self, const api_call& call) { self.sessions_.show(call); });
  add("DELETE", "/v1/sessions/{id}", any_key,
      [](http_api& self, const api_call& call) { self.sessions_.erase(call); });
  add("POST", "/v1/sessions/{id}/messages", any_key,
      [](http_api& self, const api_call& call) { self.sessions_.message(call); });
  add("POST", "/v1/sessions/{id}/cancel", any_key,
      [](http_api& self, const api_call& call) { self.sessions_.cancel(call); });
  add("POST", "/v1/approvals/{id}", any_key,
      [](http_api& self, const api_call& call) { self.sessions_.approve(call); });
}

}  // namespace libagent::actors
