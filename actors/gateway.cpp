#include "actors/gateway.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/spawning.hpp"
#include "actors/http_replies.hpp"
#include "actors/paths.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/schedule_submission.hpp"
#include "libagent/api/task_query.hpp"
#include "libagent/api/task_reply.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/record/json.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace libagent::actors {

namespace {

/// Whoever is at `path`; null when it is being restarted, which the exchange is told.
template <class Handle>
Handle part_at(gateway_actor::pointer self, const char* path, const http_exchange_ptr& exchange) {
  auto part = find<Handle>(self->system(), path);
  if (!part) {
    exchange->respond(error_response(
        error{errc::unavailable, std::string{"reach "} + path + ": it is being restarted"}));
  }
  return part;
}

/// Asks whoever is at `path`; on any error, absence included, answers the exchange with it.
template <class Handle, class OnResult, class... Args>
void ask_for(gateway_actor::pointer self, const char* path, const http_exchange_ptr& exchange,
             OnResult on_result, Args&&... args) {
  const auto part = part_at<Handle>(self, path, exchange);
  if (!part)
    return;
  self->template request<caf::message_priority::high>(part, caf::infinite,
                                                      std::forward<Args>(args)...)
      .then(std::move(on_result), [exchange](const caf::error& failure) {
        exchange->respond(error_response(from_caf_error(failure)));
      });
}

}  // namespace

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
    case gateway_call::retry: return retry(request);
    case gateway_call::purge: return purge(request);
    case gateway_call::add_schedule: return add_schedule(request);
    case gateway_call::list_schedules: return list_schedules(request.exchange);
    case gateway_call::find_schedule: return find_schedule(request);
    case gateway_call::remove_schedule: return remove_schedule(request);
    case gateway_call::list_tasks: return list_tasks(request);
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

void gateway_state::list_tasks(const gateway_request& request) {
  if (!request.query)
    return list_latest(request.exchange, {.limit = std::numeric_limits<std::size_t>::max()});
  const auto& exchange = request.exchange;
  const auto dispatcher = part_at<dispatcher_actor>(self_, dispatcher_path, exchange);
  if (!dispatcher)
    return;
  self_
      ->request<caf::message_priority::high>(dispatcher, caf::infinite, list_atom_v, *request.query)
      .then(
          [exchange](const std::vector<task_record>& records) {
            exchange->respond(json_response(200, listing_json(records)));
          },
          [this, exchange, only = *request.query](const caf::error& failure) {
            const auto why = from_caf_error(failure);
            if (why.code == errc::unsupported)
              return list_latest(exchange, only);  // There is no journal.
            exchange->respond(error_response(why));
          });
}

void gateway_state::list_latest(const http_exchange_ptr& exchange, const journal_query& only) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, exchange,
      [exchange, only](const std::vector<task_record>& records) {
        exchange->respond(json_response(200, listing_json(matching_records(records, only))));
      },
      list_atom_v);
}

void gateway_state::retry(const gateway_request& request) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, request.exchange,
      [exchange = request.exchange](const task_record& record) {
        exchange->respond(record_reply(record, 202));
      },
      retry_atom_v, request.id);
}

void gateway_state::purge(const gateway_request& request) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, request.exchange,
      [exchange = request.exchange] { exchange->respond({.status = 204}); }, purge_atom_v,
      request.id);
}

void gateway_state::add_schedule(const gateway_request& request) {
  const auto added = [exchange = request.exchange](const schedule& made) {
    auto reply = json_response(201, to_json(view_of(made)));
    reply.headers.add("Location", "/v1/schedules/" + to_string(made.id));
    exchange->respond(std::move(reply));
  };
  ask_for<dispatcher_actor>(self_, dispatcher_path, request.exchange, added, schedule_atom_v,
                            request.plan);
}

void gateway_state::list_schedules(const http_exchange_ptr& exchange) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, exchange,
      [exchange](const std::vector<schedule>& all) {
        std::vector<schedule_view> views;
        std::ranges::transform(all, std::back_inserter(views), view_of);
        exchange->respond(json_response(200, listing_json(std::move(views))));
      },
      list_atom_v, schedule_atom_v);
}

void gateway_state::find_schedule(const gateway_request& request) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, request.exchange,
      [exchange = request.exchange, id = request.id](const std::vector<schedule>& all) {
        const auto found = std::ranges::find(all, id, &schedule::id);
        if (found != all.end()) {
          exchange->respond(json_response(200, to_json(view_of(*found))));
        } else {
          exchange->respond(error_response(
              error{errc::not_found, "look schedule up: none has the id " + to_string(id)}));
        }
      },
      list_atom_v, schedule_atom_v);
}

void gateway_state::remove_schedule(const gateway_request& request) {
  ask_for<dispatcher_actor>(
      self_, dispatcher_path, request.exchange,
      [exchange = request.exchange](const schedule& removed) {
        exchange->respond(json_response(200, to_json(view_of(removed))));
      },
      cancel_atom_v, schedule_atom_v, request.id);
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

}  // namespace libagent::actors
