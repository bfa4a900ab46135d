#pragma once

#include "libagent/adapters/http_loop.hpp"
#include "libagent/adapters/http_request_reader.hpp"
#include "libagent/base/time.hpp"
#include "libagent/http/http_response.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace libagent {

class http_live_exchange;

/// Buffers that grew larger are given back once empty, so that an idle connection costs little.
inline constexpr std::size_t kept_buffer_bytes = 16U << 10U;

/// Whether a direct read or write has only to be tried again later.
[[nodiscard]] inline bool would_block(const boost::system::error_code& failure) {
  namespace errors = boost::asio::error;
  return failure == errors::would_block || failure == errors::try_again ||
         failure == errors::interrupted;
}

/// One client's connection: requests in, answers out, strictly one after the other.
///
/// The socket is always being waited on for input, also while a handler works, so that a client
/// that goes away is noticed at once. Output is written directly and waits only for what the
/// kernel does not take. There are no timers here: `sweep` compares with what time it is.
/// Thread safety: none; lives on the thread of its loop.
class http_connection : public std::enable_shared_from_this<http_connection> {
public:
  http_connection(http_loop& loop, boost::asio::ip::tcp::socket socket, std::string address,
                  bool is_refused);

  /// Begins to read, or sends the refusal. `position` is its place in the loop's list.
  void open(http_loop::connection_list::iterator position);

  void sweep(time_point now);
  /// The server takes no further requests: closes when idle, else after the answer.
  void drain();
  /// Closes at once; tells the handler when it owed an answer.
  void close();

  // For the exchange of the current request:
  void respond(const http_response& response);
  void start_stream(int status, const http_headers& headers);
  void write(std::string_view piece);
  void finish();
  /// Breaks off an answer so that the client sees that it is incomplete.
  void cut();
  void drop_slow_reader();
  /// Tells the exchange how much of its stream has left.
  void tell_progress();

private:
  enum class phase : std::uint8_t {
    reading,    ///< Waits for a request or receives one.
    handling,   ///< A handler has the exchange and has not answered.
    streaming,  ///< The head is out, pieces follow.
    leaving,    ///< Sends what is left, then waits for the client to close first.
    closed,
  };

  void sweep_reader(duration silence);
  void wait_for_input();
  void read_input();
  void take_input(std::string_view bytes);
  void process_input(std::string_view bytes);
  void read_requests(std::string_view& rest);
  void hand_over(incoming_request incoming);
  void refuse(const http_error& why);
  void append_response(const http_response& response);
  [[nodiscard]] bool must_leave() const;
  void answered();
  void resume();
  void flush();
  void wait_for_output();
  void keep_alive();
  void append_piece(std::string_view piece);
  void start_leaving();
  void discard_input(std::size_t count);

  [[nodiscard]] std::size_t unsent() const { return out_.size() - sent_; }

  [[nodiscard]] const http_options& options() const { return loop_.core().options; }

  http_loop& loop_;
  boost::asio::ip::tcp::socket socket_;
  http_loop::connection_list::iterator position_;
  const std::string address_;
  const bool is_refused_;

  phase phase_ = phase::reading;
  http_request_reader reader_;
  std::string in_;  ///< Received, not yet understood; mostly empty.
  std::string out_;
  std::size_t sent_ = 0;  ///< The part of `out_` that the kernel has taken.
  bool waits_for_input_ = false;
  bool waits_for_output_ = false;
  bool is_processing_ = false;  ///< Inside `process_input`, whose caller flushes.
  bool is_stalled_ = false;     ///< Input was left alone because too much output waits.

  std::weak_ptr<http_live_exchange> exchange_;
  bool keep_alive_ = true;        ///< What the current request said.
  bool http_1_0_ = false;         ///< Of the current request.
  bool is_head_ = false;          ///< The current request is a HEAD.
  bool is_chunked_ = false;       ///< The current stream.
  bool is_events_ = false;        ///< The current stream has server-sent events.
  std::size_t stream_bytes_ = 0;  ///< Put into `out_` for the current stream.

  time_point since_;          ///< Begin of the silence, of the request or of leaving.
  time_point last_output_;    ///< When the kernel last took something or began to be full.
  bool send_closed_ = false;  ///< While leaving: the client has all that we send.
  std::size_t discarded_ = 0;
};

}  // namespace libagent
