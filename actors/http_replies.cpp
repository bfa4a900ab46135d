#include "actors/http_replies.hpp"

#include "libagent/api/task_reply.hpp"
#include "libagent/http/http_error.hpp"
#include "libagent/http/sse.hpp"

#include <utility>

namespace libagent::actors {

std::shared_ptr<wait_reply> wait_reply::make(const http_exchange_ptr& exchange, shape as,
                                             canceller cancel) {
  auto reply = std::make_shared<wait_reply>(exchange, std::move(as), std::move(cancel));
  // Weak, because the exchange owns the callback and the reply owns the exchange.
  exchange->on_disconnect([weak = std::weak_ptr{reply}] {
    if (const auto alive = weak.lock())
      alive->client_left();
  });
  return reply;
}

wait_reply::wait_reply(http_exchange_ptr exchange, shape as, canceller cancel)
    : exchange_{std::move(exchange)}, as_{std::move(as)}, cancel_{std::move(cancel)} {}

void wait_reply::on_change(const task_record& record) {
  if (is_terminal(record.state)) {
    exchange_->respond(as_(record));
    return;
  }
  {
    const std::lock_guard guard{mutex_};
    if (task_)
      return;
    task_ = record.id;
    if (!client_gone_)
      return;
  }
  cancel_(record.id);
}

void wait_reply::on_refused(const error& why) {
  exchange_->respond(error_response(why));
}

void wait_reply::client_left() {
  {
    const std::lock_guard guard{mutex_};
    client_gone_ = true;
    if (!task_)
      return;
  }
  cancel_(*task_);
}

event_stream_reply::event_stream_reply(http_exchange_ptr exchange)
    : exchange_{std::move(exchange)} {}

void event_stream_reply::on_change(const task_record& record) {
  if (!told_)
    exchange_->start_stream(200, sse_headers());
  const auto event = change_event(record, std::exchange(told_, record.state));
  if (congested_ && event.event == "progress")
    return;
  congested_ = exchange_->write(format_sse(event)) == stream_write::congested;
  if (is_terminal(record.state))
    exchange_->finish();
}

void event_stream_reply::on_refused(const error& why) {
  exchange_->respond(error_response(why));
}

}  // namespace libagent::actors
