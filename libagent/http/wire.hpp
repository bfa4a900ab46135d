#pragma once

#include "libagent/base/time.hpp"
#include "libagent/http/http_headers.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// What of a response's head the server decides, not the handler.
struct response_framing {
  std::optional<std::size_t> content_length;  ///< Absent: no such field.
  bool chunked = false;                       ///< Adds `Transfer-Encoding: chunked`.
  bool keep_alive = true;                     ///< Otherwise adds `Connection: close`.
  bool http_1_0 = false;                      ///< Such a client must be told of keep-alive.
  std::string_view date;                      ///< As `http_date` gives it; empty: no such field.
};

/// Appends status line, header fields and the blank line of a response. Fields in `headers` that
/// the server decides itself (Content-Length, Transfer-Encoding, Connection, Date) are left out.
void append_head(std::string& out, int status, const http_headers& headers,
                 const response_framing& framing);

/// Appends one chunk of a chunked body.
/// @pre `data` is not empty: an empty chunk would end the body.
void append_chunk(std::string& out, std::string_view data);

/// What ends a chunked body.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The IMF-fixdate of RFC 9110 (5.6.7), for example `Sun, 06 Nov 1994 08:49:37 GMT`.
[[nodiscard]] std::string http_date(unix_millis now);

}  // namespace libagent
