#include "libagent/adapters/http_connection.hpp"
#include "libagent/adapters/http_live_exchange.hpp"
#include "libagent/http/sse.hpp"
#include "libagent/http/wire.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <string_view>
#include <utility>

// The answering half of the class: from a handler's answer to the socket.

namespace libagent {

namespace {

using boost::asio::ip::tcp;

bool is_event_stream(const http_headers& headers) {
  return headers.find("Content-Type").value_or("").starts_with("text/event-stream");
}

}  // namespace

bool http_connection::must_leave() const {
  return !keep_alive_ || loop_.is_draining();
}

void http_connection::append_response(const http_response& response) {
  const bool has_body = allows_body(response.status);
  response_framing framing{.content_length = {},
                           .chunked = false,
                           .keep_alive = !must_leave(),
                           .http_1_0 = http_1_0_,
                           .date = loop_.date()};
  if (has_body)
    framing.content_length = response.body.size();
  append_head(out_, response.status, response.headers, framing);
  if (has_body && !is_head_)
    out_ += response.body;
}

void http_connection::respond(const http_response& response) {
  if (phase_ != phase::handling)
    return;
  append_response(response);
  answered();
}

void http_connection::start_stream(int status, const http_headers& headers) {
  if (phase_ != phase::handling)
    return;
  // An HTTP/1.0 client knows no chunks: for it, the end of the connection ends the body.
  is_chunked_ = !http_1_0_ && allows_body(status);
  keep_alive_ = keep_alive_ && !http_1_0_;
  is_events_ = is_event_stream(headers);
  is_head_ = is_head_ || !allows_body(status);
  stream_bytes_ = 0;
  append_head(out_, status, headers,
              {.content_length = {},
               .chunked = is_chunked_,
               .keep_alive = !must_leave(),
               .http_1_0 = http_1_0_,
               .date = loop_.date()});
  phase_ = phase::streaming;
  flush();
}

void http_connection::write(std::string_view piece) {
  if (phase_ != phase::streaming)
    return;
  stream_bytes_ += piece.size();
  append_piece(piece);
  flush();
}

void http_connection::keep_alive() {
  // Not the exchange's piece, so not counted among those that it waits for.
  append_piece(format_sse_comment("keep-alive"));
  flush();
}

void http_connection::append_piece(std::string_view piece) {
  if (is_chunked_ && !is_head_) {
    append_chunk(out_, piece);
  } else if (!is_head_) {
    out_ += piece;
  }
}

void http_connection::finish() {
  if (phase_ != phase::streaming)
    return;
  if (is_chunked_ && !is_head_)
    out_ += last_chunk;
  answered();
}

void http_connection::cut() {
  if (phase_ == phase::handling || phase_ == phase::streaming)
    close();
}

void http_connection::drop_slow_reader() {
  if (phase_ != phase::streaming)
    return;
  loop_.core().streams_dropped.fetch_add(1);
  close();
}

void http_connection::answered() {
  exchange_.reset();
  since_ = http_loop::now();
  if (must_leave()) {
    start_leaving();
  } else {
    phase_ = phase::reading;
  }
  if (!is_processing_)
    resume();
}

void http_connection::resume() {
  if (!in_.empty()) {
    take_input({});
  } else {
    flush();
  }
  wait_for_input();
}

void http_connection::flush() {
  if (phase_ == phase::closed || waits_for_output_ || is_processing_)
    return;
  while (unsent() > 0) {
    boost::system::error_code failure;
    const auto count =
        socket_.write_some(boost::asio::buffer(out_.data() + sent_, out_.size() - sent_), failure);
    if (would_block(failure)) {
      wait_for_output();
      break;
    }
    if (failure) {
      close();
      return;
    }
    sent_ += count;
    last_output_ = http_loop::now();
  }
  if (unsent() == 0) {
    out_.clear();
    sent_ = 0;
    if (out_.capacity() > kept_buffer_bytes)
      out_ = std::string{};
  } else if (sent_ > out_.size() / 2) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  tell_progress();
  if (phase_ == phase::leaving && unsent() == 0 && !std::exchange(send_closed_, true)) {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    since_ = http_loop::now();
  }
}

void http_connection::wait_for_output() {
  waits_for_output_ = true;
  last_output_ = http_loop::now();
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const auto& failure) {
    self->waits_for_output_ = false;
    if (failure || self->phase_ == phase::closed)
      return;
    self->flush();
    if (self->unsent() == 0)
      self->resume();
  });
}

void http_connection::tell_progress() {
  if (phase_ != phase::streaming)
    return;
  if (const auto exchange = exchange_.lock())
    exchange->sent(stream_bytes_ - std::min(stream_bytes_, unsent()));
}

void http_connection::start_leaving() {
  phase_ = phase::leaving;
}

}  // namespace libagent
