#include "actors/openai_door.hpp"

#include "actors/bridge/directory.hpp"
#include "actors/model_gateway.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/api/door_listings.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/request_headers.hpp"
#include "libagent/api/turn_reply.hpp"
#include "libagent/api/turn_submission.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/base/nearest_name.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/text.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/openai/embeddings.hpp"
#include "libagent/record/json.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

namespace libagent::actors {

namespace {

constexpr std::size_t request_id_bytes_max = 128;
constexpr auto embedding_time = std::chrono::seconds{60};

/// The conversation that a completion names; empty: none.
std::string named_session(const http_request& request, const incoming_chat& chat) {
  if (const auto header = request.headers.find("X-Session-Id"))
    return std::string{*header};
  if (!chat.session.empty())
    return chat.session;
  const auto found = std::ranges::find(chat.metadata, std::string_view{"session"},
                                       [](const auto& pair) -> const auto& { return pair.first; });
  return found == chat.metadata.end() ? std::string{} : found->second;
}

turn_request turn_of(chat_request chat, std::string session) {
  turn_request turn;
  turn.agent = agent_of_model(chat.model);
  turn.keeps_handover = !session.empty();
  turn.messages =
      session.empty() ? std::move(chat.messages) : new_messages(std::move(chat.messages));
  turn.session = std::move(session);
  turn.client_tools = std::move(chat.tools);
  turn.choice = std::move(chat.choice);
  turn.parallel_tool_calls = chat.parallel_tool_calls;
  turn.format = std::move(chat.format);
  turn.how = std::move(chat.how);
  return turn;
}

http_response no_such_model(std::string_view model, const std::vector<agent_info>& agents) {
  std::vector<std::string_view> names;
  std::ranges::transform(agents, std::back_inserter(names),
                         [](const agent_info& agent) -> std::string_view { return agent.name; });
  return error_response(http_error{.status = 404,
                                   .message = "there is no model " + quoted_excerpt(model) +
                                              did_you_mean(model, names) +
                                              "; GET /v1/models lists them",
                                   .type = "invalid_request_error",
                                   .code = "model_not_found",
                                   .param = "model"});
}

error part_is_restarting(const char* path) {
  return {errc::unavailable, std::string{"reach "} + path + ": it is being restarted"};
}

/// Answers with the embeddings; what a provider says about us is not the client's doing.
void answer_embedding(http_exchange& exchange, expected<embedding_call::reply> outcome,
                      std::string model, bool base64) {
  if (!outcome) {
    const auto& why = outcome.error();
    exchange.respond(error_response(why.code == errc::not_found ? to_openai_error(why)
                                                                : failed_turn_error(why)));
    return;
  }
  const embedding_result result{.model = std::move(model),
                                .embeddings = std::move(outcome->embeddings),
                                .usage = outcome->usage};
  exchange.respond(json_response(200, write_embedding_reply(result, base64)));
}

}  // namespace

openai_door::openai_door(caf::actor_system& system, door_options options)
    : system_{system}, options_{std::move(options)} {
  LIBAGENT_EXPECTS(options_.agents && options_.unix_time);
  created_ = options_.unix_time() / 1'000;
}

std::string openai_door::next_id() {
  return completion_id(options_.id_seed, seeded_random{options_.id_seed + ids_.fetch_add(1)}());
}

std::string openai_door::request_id_of(const http_request& request) {
  const auto given = request.headers.find("X-Request-Id");
  const auto is_printable = [](char c) { return c > ' ' && c < '\x7f'; };
  if (given && !given->empty() && given->size() <= request_id_bytes_max &&
      std::ranges::all_of(*given, is_printable))
    return std::string{*given};
  auto id = next_id();
  id.replace(0, id.find('-') + 1, "req-");
  return id;
}

std::vector<agent_info> openai_door::agents_of(const api_caller& caller) const {
  auto agents = options_.agents();
  std::erase_if(agents, [&caller](const agent_info& agent) { return !caller.may_ask(agent.name); });
  return agents;
}

void openai_door::respond(const http_exchange_ptr& exchange, http_response reply) {
  reply.headers.set("X-Request-Id", request_id_of(exchange->request()));
  exchange->respond(std::move(reply));
}

void openai_door::respond(const api_call& call, http_response reply) {
  respond(call.exchange, std::move(reply));
}

bool openai_door::admits(const api_call& call, const std::string& agent) {
  const auto agents = options_.agents();
  if (std::ranges::find(agents, agent, &agent_info::name) == agents.end()) {
    respond(call, no_such_model(agent, agents_of(call.caller)));
    return false;
  }
  if (!call.caller.may_ask(agent)) {
    respond(call, forbidden(call.caller, "ask the agent " + agent));
    return false;
  }
  return true;
}

void openai_door::complete(const api_call& call) {
  auto read = read_chat_request(call.request().body);
  if (const auto* wrong = std::get_if<http_error>(&read)) {
    respond(call, error_response(*wrong));
    return;
  }
  auto& chat = std::get<incoming_chat>(read);
  if (admits(call, std::string{agent_of_model(chat.chat.model)}))
    begin_turn(call, std::move(chat));
}

void openai_door::begin_turn(const api_call& call, incoming_chat chat) {
  auto session = named_session(call.request(), chat);
  if (!session.empty()) {
    if (const auto checked = check_session_id(session); !checked)
      return respond(call, error_response(checked.error()));
  }
  const reply_head head{
      .id = next_id(), .model = chat.chat.model, .created = options_.unix_time() / 1'000};
  auto turn = turn_of(std::move(chat.chat), std::move(session));
  if (turn.messages.empty()) {
    return respond(call,
                   error_response(error{errc::invalid_argument,
                                        "read messages: none follows the last of the assistant"}));
  }
  auto id = request_id_of(call.request());
  std::shared_ptr<turn_reply> reply;
  if (chat.stream) {
    reply =
        std::make_shared<chat_stream_reply>(call.exchange, std::move(id), head, chat.include_usage);
  } else {
    reply = std::make_shared<chat_wait_reply>(call.exchange, std::move(id), head);
  }
  order(call, std::move(turn), reply);
}

void openai_door::order(const api_call& call, turn_request turn,
                        const std::shared_ptr<turn_reply>& reply) {
  if (const auto read = take_headers(call.request(), call.caller, turn); !read)
    return reply->on_refused(read.error());
  const auto sessions = find<sessions_actor>(system_, sessions_path);
  if (!sessions)
    return reply->on_refused(part_is_restarting(sessions_path));
  turn.stop = reply->stop();
  reply->follow_client(/*cancels=*/turn.key.empty());
  caf::anon_send<caf::message_priority::high>(sessions, turn_atom_v, std::move(turn),
                                              turn_observer_ref{reply});
}

void openai_door::list_models(const api_call& call) {
  std::vector<model_line> lines;
  for (const auto& agent : agents_of(call.caller))
    lines.push_back(model_line_of(agent, created_));
  respond(call, json_response(200, listing_json(std::move(lines))));
}

void openai_door::find_model(const api_call& call) {
  const auto& id = call.params.at("id");
  const auto agents = agents_of(call.caller);
  const auto found = std::ranges::find(agents, agent_of_model(id), &agent_info::name);
  if (found == agents.end())
    return respond(call, no_such_model(agent_of_model(id), agents));
  respond(call, json_response(200, to_json(model_line_of(*found, created_))));
}

void openai_door::embed(const api_call& call) {
  auto read = read_embedding_request(call.request().body);
  if (const auto* wrong = std::get_if<http_error>(&read))
    return respond(call, error_response(*wrong));
  auto& asked = std::get<embedding_request>(read);
  const auto models = find<model_gateway_actor>(system_, model_gateway_path);
  if (!models)
    return respond(call, error_response(part_is_restarting(model_gateway_path)));
  const std::stop_source stop;
  call.exchange->on_disconnect([stop]() mutable { stop.request_stop(); });
  embedding_order order{
      .model = asked.model, .client = call.caller.client, .trace = trace_parent(call.request())};
  order.call = std::make_shared<const embedding_call>(
      embedding_call{.model = asked.model,
                     .inputs = std::move(asked.inputs),
                     .dimensions = asked.dimensions,
                     .deadline = system_.clock().now() + embedding_time,
                     .stop = stop.get_token(),
                     .on_end = [exchange = call.exchange, model = asked.model,
                                base64 = asked.base64](expected<embedding_call::reply> outcome) {
                       answer_embedding(*exchange, std::move(outcome), model, base64);
                     }});
  if (call.caller.key && call.caller.key->level)
    order.level = *call.caller.key->level;
  order_embedding(models, std::move(order));
}

}  // namespace libagent::actors
