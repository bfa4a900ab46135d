#include "actors/session_door.hpp"

#include "actors/ask_once.hpp"
#include "actors/paths.hpp"
#include "actors/protocol/interfaces.hpp"
#include "libagent/api/door_listings.hpp"
#include "libagent/api/listing.hpp"
#include "libagent/api/turn_submission.hpp"
#include "libagent/base/text.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace libagent::actors {

namespace {

constexpr std::size_t approval_id_bytes_max = 128;

/// The session that the path names; answers the exchange when it cannot be one.
std::optional<session_name> session_of(const api_call& call) {
  const auto& id = call.params.at("id");
  if (const auto checked = check_session_id(id); !checked) {
    call.exchange->respond(error_response(checked.error()));
    return std::nullopt;
  }
  return session_name{.client = call.caller.client, .id = id};
}

bool wants_events(const http_request& request) {
  return request.headers.find("Accept").value_or("").find("text/event-stream") !=
         std::string_view::npos;
}

http_response done_with(const std::string& id, std::string_view what) {
  std::string body = R"({"id":)";
  append_quoted(body, id);
  body += ",\"" + std::string{what} + "\":true}";
  return json_response(200, std::move(body));
}

http_response decided(const session_name& where, const std::string& approval, bool allowed) {
  std::string body = R"({"id":)";
  append_quoted(body, approval);
  body += R"(,"session":)";
  append_quoted(body, where.id);
  body += std::string{R"(,"allowed":)"} + (allowed ? "true}" : "false}");
  return json_response(200, std::move(body));
}

}  // namespace

session_door::session_door(caf::actor_system& system, openai_door& turns)
    : system_{system}, turns_{turns} {}

void session_door::list(const api_call& call) {
  auto query = read_session_query(call.request().query);
  if (!query)
    return call.exchange->respond(error_response(query.error()));
  query->client = call.caller.client;
  const auto send = [exchange = call.exchange](const std::vector<session_head>& heads) {
    std::vector<session_line> lines;
    std::ranges::transform(heads, std::back_inserter(lines), session_line_of);
    exchange->respond(json_response(200, listing_json(std::move(lines))));
  };
  ask_once<sessions_actor>(system_, sessions_path, call.exchange, send, list_atom_v,
                           *std::move(query));
}

void session_door::show(const api_call& call) {
  auto name = session_of(call);
  if (!name)
    return;
  const auto send = [exchange = call.exchange](const session_view& view) {
    exchange->respond(json_response(200, to_json(view)));
  };
  ask_once<sessions_actor>(system_, sessions_path, call.exchange, send, lookup_atom_v,
                           *std::move(name));
}

void session_door::erase(const api_call& call) {
  auto name = session_of(call);
  if (!name)
    return;
  const auto send = [exchange = call.exchange, id = name->id] {
    exchange->respond(done_with(id, "deleted"));
  };
  ask_once<sessions_actor>(system_, sessions_path, call.exchange, send, erase_atom_v,
                           *std::move(name));
}

void session_door::cancel(const api_call& call) {
  auto name = session_of(call);
  if (!name)
    return;
  const auto send = [exchange = call.exchange, id = name->id] {
    exchange->respond(done_with(id, "cancelled"));
  };
  ask_once<sessions_actor>(system_, sessions_path, call.exchange, send, cancel_atom_v,
                           *std::move(name), std::string{"cancelled by its client"});
}

void session_door::message(const api_call& call) {
  auto submission = from_json<message_submission>(call.request().body);
  if (!submission)
    return turns_.respond(call, error_response(submission.error()));
  const bool stream = submission->stream || wants_events(call.request());
  auto turn = to_turn(*std::move(submission), call.params.at("id"));
  if (!turn)
    return turns_.respond(call, error_response(turn.error()));
  // Without a name it is whoever answered before, whom the session knows and checks.
  if (!turn->agent.empty() && !turns_.admits(call, turn->agent))
    return;
  auto id = turns_.request_id_of(call.request());
  std::shared_ptr<turn_reply> reply;
  if (stream) {
    reply = std::make_shared<session_stream_reply>(call.exchange, std::move(id));
  } else {
    reply = std::make_shared<session_wait_reply>(call.exchange, std::move(id));
  }
  turns_.order(call, *std::move(turn), reply);
}

void session_door::approve(const api_call& call) {
  const auto& id = call.params.at("id");
  if (id.size() > approval_id_bytes_max) {
    return call.exchange->respond(error_response(
        error{errc::invalid_argument, "read the approval's id: it has more than 128 bytes"}));
  }
  auto decision = from_json<approval_decision>(call.request().body);
  if (!decision)
    return call.exchange->respond(error_response(decision.error()));
  decision->client = call.caller.client;
  const auto send = [exchange = call.exchange, id,
                     allowed = decision->allowed](const session_name& where) {
    exchange->respond(decided(where, id, allowed));
  };
  ask_once<sessions_actor>(system_, sessions_path, call.exchange, send, approve_atom_v, id,
                           *std::move(decision));
}

}  // namespace libagent::actors
