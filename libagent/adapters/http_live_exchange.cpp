#include "libagent/adapters/http_live_exchange.hpp"

#include "libagent/adapters/http_connection.hpp"
#include "libagent/adapters/http_loop.hpp"
#include "libagent/base/contract.hpp"
#include "libagent/http/http_error.hpp"

#include <utility>

namespace libagent {

namespace {

bool is_final_status(int status) {
  return status >= 200 && status <= 599;
}

}  // namespace

http_live_exchange::http_live_exchange(std::shared_ptr<http_loop> loop,
                                       std::weak_ptr<http_connection> connection,
                                       http_request request)
    : loop_{std::move(loop)}, connection_{std::move(connection)}, request_{std::move(request)} {}

http_live_exchange::~http_live_exchange() {
  if (phase_ == phase::open) {
    post([](http_connection& connection) {
      connection.respond(error_response(
          error{errc::unavailable, "answer the request: whoever had to answer it ended first"}));
    });
  } else if (phase_ == phase::streaming) {
    post([](http_connection& connection) { connection.cut(); });
  }
}

template <class Action>
void http_live_exchange::post(Action action) {
  loop_->post([connection = connection_, action = std::move(action)]() mutable {
    if (const auto alive = connection.lock())
      action(*alive);
  });
}

bool http_live_exchange::advance(phase from, phase to) {
  std::function<void()> dropped;  // Destroyed after the lock: it may hold this exchange.
  const std::lock_guard guard{mutex_};
  if (phase_ != from)
    return false;
  phase_ = to;
  if (to == phase::answered)
    dropped = std::exchange(callback_, {});
  return true;
}

void http_live_exchange::respond(http_response response) {
  LIBAGENT_EXPECTS(is_final_status(response.status));
  if (!advance(phase::open, phase::answered))
    return;
  // Nothing was posted before an answer, so on the right thread it need not be posted either.
  if (loop_->runs_here()) {
    if (const auto connection = connection_.lock())
      connection->respond(response);
    return;
  }
  post([response = std::move(response)](http_connection& connection) {
    connection.respond(response);
  });
}

void http_live_exchange::start_stream(int status, http_headers headers) {
  LIBAGENT_EXPECTS(is_final_status(status));
  const std::lock_guard guard{mutex_};
  if (phase_ != phase::open)
    return;
  phase_ = phase::streaming;
  post([status, headers = std::move(headers)](http_connection& connection) {
    connection.start_stream(status, headers);
  });
}

stream_write http_live_exchange::write(std::string piece) {
  const auto limit = loop_->core().options.output_bytes_max;
  const std::lock_guard guard{mutex_};
  if (phase_ != phase::streaming)
    return stream_write::closed;
  if (piece.empty())
    return stream_write::accepted;
  const auto waiting = accepted_ - sent_.load(std::memory_order_relaxed);
  if (waiting > limit) {
    phase_ = phase::dropping;
    post([](http_connection& connection) { connection.drop_slow_reader(); });
    return stream_write::closed;
  }
  accepted_ += piece.size();
  const auto result =
      waiting + piece.size() > limit / 2 ? stream_write::congested : stream_write::accepted;
  post([piece = std::move(piece)](http_connection& connection) { connection.write(piece); });
  return result;
}

void http_live_exchange::finish() {
  std::function<void()> dropped;  // Both destroyed after the lock.
  std::function<void()> never_run;
  const std::lock_guard guard{mutex_};
  if (phase_ != phase::streaming)
    return;
  phase_ = phase::answered;
  dropped = std::exchange(callback_, {});
  never_run = std::exchange(drained_, {});
  post([](http_connection& connection) { connection.finish(); });
}

void http_live_exchange::on_disconnect(std::function<void()> callback) {
  {
    const std::lock_guard guard{mutex_};
    if (phase_ == phase::answered)
      return;
    if (phase_ != phase::gone) {
      std::swap(callback_, callback);
      return;
    }
  }
  if (callback)
    callback();
}

void http_live_exchange::on_drained(std::function<void()> callback) {
  const std::lock_guard guard{mutex_};
  if (phase_ != phase::streaming)
    return;
  std::swap(drained_, callback);
  awaits_room_.store(true);
  post([](http_connection& connection) { connection.tell_progress(); });
}

void http_live_exchange::sent(std::size_t bytes) {
  sent_.store(bytes, std::memory_order_relaxed);
  if (!awaits_room_.load())
    return;
  std::function<void()> callback;
  {
    const std::lock_guard guard{mutex_};
    const auto waiting = accepted_ - bytes;
    if (phase_ != phase::streaming || waiting > loop_->core().options.output_bytes_max / 4)
      return;
    awaits_room_.store(false);
    callback = std::exchange(drained_, {});
  }
  if (callback)
    callback();
}

void http_live_exchange::client_gone() {
  std::function<void()> never_run;
  std::function<void()> callback;
  {
    const std::lock_guard guard{mutex_};
    if (phase_ == phase::answered || phase_ == phase::gone)
      return;
    phase_ = phase::gone;
    callback = std::exchange(callback_, {});
    never_run = std::exchange(drained_, {});
  }
  if (callback)
    callback();
}

}  // namespace libagent
