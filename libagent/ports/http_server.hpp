#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/http/http_request.hpp"
#include "libagent/http/http_response.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace libagent {

/// What became of a piece of a stream.
enum class stream_write : std::uint8_t {
  accepted,   ///< Sent or about to be.
  congested,  ///< Taken, but the client reads slowly: more than half of the buffer is waiting.
  closed,     ///< Not taken: the client is gone, was dropped for reading too slowly, or the
              ///< stream was never started or is finished.
};

/// One request and the way to answer it: either `respond`, or `start_stream`, `write`..., `finish`.
///
/// Whoever holds it owes an answer: when the last reference goes without one, the client gets a
/// 503 in the error shape; when it goes in the middle of a stream, the stream is cut, which the
/// client sees as an incomplete body. What comes after the answer is ignored.
/// Thread safety: any thread, also concurrently. Blocking: never.
class http_exchange {
public:
  http_exchange() = default;
  http_exchange(const http_exchange&) = delete;
  http_exchange& operator=(const http_exchange&) = delete;
  virtual ~http_exchange() = default;

  /// Valid and unchanged as long as the exchange.
  [[nodiscard]] virtual const http_request& request() const = 0;

  virtual void respond(http_response response) = 0;

  /// Sends the head of an answer whose body follows piece by piece.
  virtual void start_stream(int status, http_headers headers) = 0;

  /// Sends a piece of the body at once. An event stream wants whole events, because the server
  /// puts comments between pieces to keep the stream open.
  ///
  /// At most `http_options::output_bytes_max` and one piece wait in memory; a client that lets
  /// them grow beyond is dropped.
  virtual stream_write write(std::string piece) = 0;

  /// Ends the body; the client then knows that it has all of it.
  virtual void finish() = 0;

  /// `callback` runs once, on an I/O thread, when nobody can receive the rest of the answer any
  /// more: the client went away (closing its sending side counts), read too slowly, or the server
  /// stopped. It never runs once `respond` or `finish` was called. It runs at once, on the calling
  /// thread, when that happened before. A second callback replaces the first. It must neither
  /// block nor throw.
  virtual void on_disconnect(std::function<void()> callback) = 0;

  /// For the writer of a stream that said `congested` and that can wait: `callback` runs once, on
  /// an I/O thread and never within this call, when at most a quarter of the buffer is waiting;
  /// soon when that is so already. It never runs once the stream was finished or has nobody who
  /// receives it, nor before it was started. A second callback replaces the first. It must neither
  /// block nor throw.
  virtual void on_drained(std::function<void()> callback) = 0;
};

using http_exchange_ptr = std::shared_ptr<http_exchange>;

/// Answers requests, at once or later from any thread.
class http_handler {
public:
  http_handler() = default;
  http_handler(const http_handler&) = delete;
  http_handler& operator=(const http_handler&) = delete;
  virtual ~http_handler() = default;

  /// Called on an I/O thread, concurrently when there are several; must not block, because all
  /// other connections of that thread wait. An exception is answered with a 500 and reported.
  virtual void handle(http_exchange_ptr exchange) = 0;
};

/// What a server listens to and how much of anything it puts up with.
struct http_options {
  std::string host = "127.0.0.1";  ///< An address or a name; the default reaches this machine only.
  std::uint16_t port = 8080;       ///< 0: any free one.
  std::size_t io_threads = 1;      ///< Each serves its own connections.
  std::size_t connections_max = 4096;         ///< The next one gets a 503.
  std::size_t header_bytes_max = 16U << 10U;  ///< Request line and header fields; beyond: 431.
  std::size_t body_bytes_max = 1U << 20U;     ///< Beyond: 413.
  std::size_t output_bytes_max = 1U << 20U;   ///< Waiting bytes of a stream; beyond: dropped.
  std::chrono::milliseconds request_timeout{30'000};  ///< For a whole request to arrive; then 408.
  std::chrono::milliseconds idle_timeout{60'000};     ///< Between requests; then closed.
  std::chrono::milliseconds write_timeout{30'000};    ///< Without a byte taken by the client.
  std::chrono::milliseconds stream_keep_alive{15'000};  ///< Silence before an SSE comment; 0: none.
  std::chrono::milliseconds sweep_interval{1'000};      ///< How exactly timeouts are kept.
  /// Hears of what no caller hears of: an exception from a handler, no file descriptors left.
  /// Called on I/O threads; must neither block nor throw.
  std::function<void(const error&)> on_problem;
  /// Called once by each I/O thread as it starts; may change its priority. Empty: nothing is done.
  std::function<void()> on_thread_start;
};

/// Counts since the start, and connections now.
struct http_server_stats {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  ///< Over `connections_max`.
  std::uint64_t requests = 0;             ///< That reached the handler.
  std::uint64_t bad_requests = 0;     ///< Answered by the server itself: malformed, too big, slow.
  std::uint64_t streams_dropped = 0;  ///< Because the client read too slowly.
};

/// Serves HTTP/1.1 (and 1.0) to one handler.
///
/// Thread safety: `stats` from any thread; the others from one thread, which is not an I/O thread.
class http_server {
public:
  http_server() = default;
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;
  /// Stops without grace.
  virtual ~http_server() = default;

  /// Begins to serve; returns the port. Once only.
  ///
  /// Errors, all naming host and port: errc::already_exists when another program listens there,
  /// errc::invalid_argument for a host that means nothing, errc::io_failed otherwise.
  [[nodiscard]] virtual expected<std::uint16_t> start() = 0;

  /// Takes no further connections, closes idle ones, and closes the others after their answer.
  virtual void stop_accepting() = 0;

  /// Stops accepting, waits at most `grace` for the answers under way, then cuts what is left and
  /// returns when the I/O threads have ended. Exchanges that outlive it do nothing any more.
  virtual void stop(std::chrono::milliseconds grace) = 0;

  [[nodiscard]] virtual http_server_stats stats() const = 0;
};

}  // namespace libagent
