#pragma once

#include "libagent/http/http_error.hpp"
#include "libagent/http/http_request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace libagent {

/// A request, and what its head says about the connection.
struct incoming_request {
  http_request request;
  bool keep_alive = true;
  bool http_1_0 = false;
};

/// Turns the bytes of one connection into requests, one after the other, within limits.
///
/// Stricter than its parser (Boost.Beast) where leniency lets two programs disagree about where a
/// request ends: the only transfer coding is `chunked`, never beside a Content-Length, and an
/// HTTP/1.1 request has exactly one Host. Trailers are read and dropped. Thread safety: none.
class http_request_reader {
public:
  struct limits {
    std::size_t
        header_bytes_max;  ///< Request line and fields; also one chunk's head, all trailers.
    std::size_t body_bytes_max;
    std::size_t fields_max = 128;
  };

  enum class state : std::uint8_t {
    idle,      ///< No byte of a request yet.
    reading,   ///< In the middle of one.
    complete,  ///< `take` it.
    failed,    ///< For good: what follows on the connection means nothing.
  };

  explicit http_request_reader(const limits& bounds);
  http_request_reader(const http_request_reader&) = delete;
  http_request_reader& operator=(const http_request_reader&) = delete;
  ~http_request_reader();

  /// Uses up bytes from the front of `input` and returns how many. The caller keeps the rest, and
  /// passes it again with what comes next; it never has to keep more than `header_bytes_max`.
  /// Does nothing when complete or failed.
  std::size_t feed(std::string_view input);

  [[nodiscard]] state current() const;

  /// What to tell the client. @pre `current()` is failed.
  [[nodiscard]] const http_error& failure() const;

  /// Whether the client waits for `100 Continue` before it sends the body. True once a request.
  [[nodiscard]] bool take_expect_continue();

  /// The request without its client's address; the reader is then idle.
  /// @pre `current()` is complete.
  [[nodiscard]] incoming_request take();

private:
  class parser;

  [[nodiscard]] std::size_t begin_request(std::string_view input);

  std::unique_ptr<parser> parser_;  ///< One a request; Beast's parsers cannot be used twice.
  limits limits_;
  state state_ = state::idle;
  http_error failure_;
};

}  // namespace libagent
