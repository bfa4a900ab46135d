#include "actors/turn_replies.hpp"

#include "libagent/api/session_events.hpp"
#include "libagent/api/turn_reply.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/http/sse.hpp"
#include "libagent/record/json.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

namespace libagent::actors {

namespace {

bool has_failed(const turn_result& result) {
  return result.state == turn_state::failed || result.state == turn_state::cancelled;
}

}  // namespace

turn_reply::turn_reply(http_exchange_ptr exchange, std::string request_id)
    : exchange_{std::move(exchange)}, request_id_{std::move(request_id)} {}

void turn_reply::follow_client(bool cancels) {
  // Not this reply, which owns the exchange that owns the callback.
  exchange_->on_disconnect([cancels, stop = stop_, gate = flow()]() mutable {
    if (cancels)
      stop.request_stop();
    if (gate)
      gate->open();
  });
}

void turn_reply::on_refused(const error& why) {
  respond(refused_turn_reply(why));
}

void turn_reply::respond(http_response reply) {
  reply.headers.set("X-Request-Id", request_id_);
  exchange_->respond(std::move(reply));
}

void turn_stream_reply::begin() {
  if (std::exchange(is_begun_, true))
    return;
  auto headers = sse_headers();
  headers.set("X-Request-Id", request_id());
  exchange().start_stream(200, std::move(headers));
}

void turn_stream_reply::send(std::string piece) {
  if (exchange().write(std::move(piece)) != stream_write::congested)
    return;
  gate_->close();
  exchange().on_drained([gate = gate_] { gate->open(); });
  // A client that left in between is not waited for.
  if (exchange().write({}) == stream_write::closed)
    gate_->open();
}

chat_wait_reply::chat_wait_reply(http_exchange_ptr exchange, std::string request_id,
                                 reply_head head)
    : turn_reply{std::move(exchange), std::move(request_id)}, head_{std::move(head)} {}

void chat_wait_reply::on_end(const turn_result& result) {
  if (has_failed(result)) {
    respond(failed_turn_reply(result));
    return;
  }
  auto reply = json_response(200, write_chat_reply(reply_of(result), head_));
  insert_member(reply.body, extension_member(result));
  if (!result.cache.empty())
    reply.headers.set("X-Cache", result.cache);
  respond(std::move(reply));
}

chat_stream_reply::chat_stream_reply(http_exchange_ptr exchange, std::string request_id,
                                     const reply_head& head, bool include_usage)
    : turn_stream_reply{std::move(exchange), std::move(request_id)}, writer_{head, include_usage} {}

void chat_stream_reply::on_update(const turn_update& update) {
  if (!is_begun()) {
    begin();
    writer_.begin(out_);
  }
  std::visit([this](const auto& what) { take(what); }, update);
  if (!out_.empty())
    send(std::exchange(out_, {}));
}

void chat_stream_reply::take(const turn_text& what) {
  if (!what.text.empty())
    add_text(what.text);
}

void chat_stream_reply::add_text(const std::string& text) {
  if (std::exchange(needs_break_, false))
    writer_.write_text("\n\n", out_);
  has_text_ = true;
  writer_.write_text(text, out_);
}

void chat_stream_reply::take(const turn_reasoning& what) {
  writer_.write({.reasoning = what.text}, out_);
}

void chat_stream_reply::take(const turn_call_piece& what) {
  has_calls_ = true;
  writer_.write({.tool_calls = {what.piece}}, out_);
}

void chat_stream_reply::take(const turn_step_ended&) {
  needs_break_ = std::exchange(has_text_, false) || needs_break_;
  has_calls_ = false;
}

void chat_stream_reply::add_what_was_not_streamed(const turn_result& result) {
  if (!has_text_ && !result.text.empty())
    add_text(result.text);
  if (const auto notice = approval_notice(result); !notice.empty()) {
    needs_break_ = needs_break_ || has_text_;
    add_text(notice);
  }
  if (has_calls_)
    return;
  std::uint32_t index = 0;
  for (const auto& call : result.calls) {
    writer_.write(
        {.tool_calls =
             {{.index = index++, .id = call.id, .name = call.name, .arguments = call.arguments}}},
        out_);
  }
}

void chat_stream_reply::on_end(const turn_result& result) {
  if (has_failed(result)) {
    fail(result);
    return;
  }
  if (!is_begun()) {
    begin();
    writer_.begin(out_);
  }
  add_what_was_not_streamed(result);
  std::string last;
  writer_.finish(reply_of(result), last);
  // The first event of the end is the chunk with the reason for it.
  auto chunk = last.substr(0, last.find("\n\n"));
  const auto rest = last.substr(chunk.size());
  insert_member(chunk, extension_member(result));
  send(out_ + chunk + rest);
  exchange().finish();
}

void chat_stream_reply::fail(const turn_result& result) {
  if (!is_begun()) {
    respond(failed_turn_reply(result));
    return;
  }
  writer_.fail(failed_turn_error(why_failed(result)), out_);
  send(std::exchange(out_, {}));
  exchange().finish();
}

void session_wait_reply::on_refused(const error& why) {
  respond(error_response(why));
}

void session_wait_reply::on_end(const turn_result& result) {
  if (has_failed(result)) {
    auto reply = failed_turn_reply(result);
    insert_member(reply.body, R"("turn":)" + to_json(result));
    respond(std::move(reply));
    return;
  }
  respond(json_response(200, to_json(result)));
}

void session_stream_reply::on_refused(const error& why) {
  respond(error_response(why));
}

void session_stream_reply::on_update(const turn_update& update) {
  begin();
  send(format_sse(update_event(update)));
}

void session_stream_reply::on_end(const turn_result& result) {
  begin();
  send(format_sse(end_event(result)));
  exchange().finish();
}

}  // namespace libagent::actors
