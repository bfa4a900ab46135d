#include "libagent/adapters/http_connection.hpp"

#include "libagent/adapters/http_live_exchange.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <exception>
#include <utility>

namespace libagent {

namespace {

namespace net = boost::asio;
using net::ip::tcp;

// Closing with unread input makes the kernel send a reset, which can destroy an answer that is
// still on its way. So the client is given this long, and this much, to close first.
constexpr std::chrono::seconds leaving_time{2};
constexpr std::size_t leaving_bytes_max = 8U << 20U;

http_error closing_error(int status, std::string message, std::string code) {
  return {.status = status,
          .message = std::move(message),
          .type = {},
          .code = std::move(code),
          .param = {}};
}

}  // namespace

http_connection::http_connection(http_loop& loop, tcp::socket socket, std::string address,
                                 bool is_refused)
    : loop_{loop},
      socket_{std::move(socket)},
      address_{std::move(address)},
      is_refused_{is_refused},
      reader_{{.header_bytes_max = options().header_bytes_max,
               .body_bytes_max = options().body_bytes_max}},
      since_{http_loop::now()},
      last_output_{since_} {}

void http_connection::open(http_loop::connection_list::iterator position) {
  position_ = position;
  const auto self = shared_from_this();
  if (is_refused_) {
    refuse(to_http_error(
        {errc::overloaded, "accept a connection: " + std::to_string(options().connections_max) +
                               " are open already"}));
    flush();
  }
  wait_for_input();
}

void http_connection::wait_for_input() {
  // A client that sends ahead without waiting for answers is read up to here. Beyond, its going
  // away is noticed only when writing to it.
  const bool is_full = phase_ != phase::leaving && in_.size() >= options().header_bytes_max;
  if (waits_for_input_ || is_full || phase_ == phase::closed)
    return;
  waits_for_input_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const auto& failure) {
    self->waits_for_input_ = false;
    if (!failure)
      self->read_input();
  });
}

void http_connection::read_input() {
  if (phase_ == phase::closed)
    return;
  auto& buffer = loop_.read_buffer();
  boost::system::error_code failure;
  const auto count = socket_.read_some(net::buffer(buffer), failure);
  if (failure && !would_block(failure)) {
    close();
    return;
  }
  if (phase_ == phase::leaving) {
    discard_input(count);
  } else if (count > 0) {
    take_input({buffer.data(), count});
  }
  wait_for_input();
}

void http_connection::take_input(std::string_view bytes) {
  process_input(bytes);
  flush();
  while (std::exchange(is_stalled_, false) && phase_ == phase::reading && unsent() == 0) {
    process_input({});
    flush();
  }
}

void http_connection::process_input(std::string_view bytes) {
  is_processing_ = true;
  // Mostly a whole request arrives at once and is read from the thread's buffer, without a copy.
  if (in_.empty()) {
    read_requests(bytes);
    in_ = bytes;
  } else {
    in_ += bytes;
    std::string_view rest = in_;
    read_requests(rest);
    in_.erase(0, in_.size() - rest.size());
  }
  if (phase_ == phase::leaving || (in_.empty() && in_.capacity() > kept_buffer_bytes))
    in_ = std::string{};
  is_processing_ = false;
}

void http_connection::read_requests(std::string_view& rest) {
  using enum http_request_reader::state;
  while (phase_ == phase::reading && !rest.empty()) {
    // A client that sends requests and does not read the answers must not fill our memory.
    if (unsent() >= options().output_bytes_max) {
      is_stalled_ = true;
      return;
    }
    if (reader_.current() == idle)
      since_ = http_loop::now();
    rest.remove_prefix(reader_.feed(rest));
    if (reader_.current() == complete) {
      hand_over(reader_.take());
    } else if (reader_.current() == failed) {
      refuse(reader_.failure());
    } else {
      if (reader_.take_expect_continue())
        out_ += "HTTP/1.1 100 Continue\r\n\r\n";
      return;
    }
  }
}

void http_connection::hand_over(incoming_request incoming) {
  loop_.core().requests.fetch_add(1, std::memory_order_relaxed);
  keep_alive_ = incoming.keep_alive;
  http_1_0_ = incoming.http_1_0;
  is_head_ = incoming.request.method == "HEAD";
  incoming.request.client_address = address_;
  phase_ = phase::handling;
  auto exchange = std::make_shared<http_live_exchange>(loop_.shared_from_this(), weak_from_this(),
                                                       std::move(incoming.request));
  exchange_ = exchange;
  try {
    loop_.core().handler->handle(exchange);
  } catch (const std::exception& thrown) {
    const auto& request = exchange->request();
    loop_.core().report(
        {errc::internal, "handle " + request.method + " " + request.path + ": " + thrown.what()});
    exchange->respond(
        error_response(error{errc::internal, "the handler of this request failed unexpectedly"}));
  }
}

void http_connection::discard_input(std::size_t count) {
  discarded_ += count;
  if (discarded_ > leaving_bytes_max)
    close();
}

void http_connection::refuse(const http_error& why) {
  if (!is_refused_)
    loop_.core().bad_requests.fetch_add(1);
  keep_alive_ = false;
  http_1_0_ = false;
  is_head_ = false;
  append_response(error_response(why));
  start_leaving();
}

void http_connection::sweep(time_point now) {
  if (phase_ == phase::closed)
    return;
  if (unsent() > 0 && now - last_output_ >= options().write_timeout) {
    if (phase_ == phase::streaming)
      loop_.core().streams_dropped.fetch_add(1);
    close();
    return;
  }
  const auto silence = now - since_;
  if (phase_ == phase::leaving && send_closed_ && silence >= leaving_time) {
    close();
  } else if (phase_ == phase::reading && unsent() == 0) {
    sweep_reader(silence);
  } else if (phase_ == phase::streaming && is_events_ && unsent() == 0 && !is_head_ &&
             options().stream_keep_alive.count() > 0 &&
             now - last_output_ >= options().stream_keep_alive) {
    keep_alive();
  }
}

void http_connection::sweep_reader(duration silence) {
  const bool has_begun = reader_.current() == http_request_reader::state::reading;
  if (has_begun && silence >= options().request_timeout) {
    refuse(closing_error(408,
                         "the request did not arrive within " +
                             std::to_string(options().request_timeout.count()) + " ms",
                         "request_timeout"));
    flush();
  } else if (!has_begun && silence >= options().idle_timeout) {
    close();
  }
}

void http_connection::drain() {
  using enum http_request_reader::state;
  const auto is_idle = [this] {
    return phase_ == phase::reading && reader_.current() == idle && in_.empty() && unsent() == 0;
  };
  if (is_idle())
    read_input();  // A request that has just arrived is still served.
  if (is_idle())
    close();
}

void http_connection::close() {
  if (phase_ == phase::closed)
    return;
  const auto self = shared_from_this();
  phase_ = phase::closed;
  boost::system::error_code ignored;
  socket_.close(ignored);
  loop_.forget(position_, is_refused_);
  if (const auto exchange = std::exchange(exchange_, {}).lock())
    exchange->client_gone();
}

}  // namespace libagent
