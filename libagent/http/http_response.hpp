#pragma once

#include "libagent/http/http_headers.hpp"

#include <string>
#include <string_view>

namespace libagent {

/// A complete answer. The server adds Content-Length, Date and Connection itself.
struct http_response {
  int status = 200;
  http_headers headers;
  std::string body;
};

/// An answer whose body is JSON text.
[[nodiscard]] http_response json_response(int status, std::string body);

/// An answer whose body is plain UTF-8 text.
[[nodiscard]] http_response text_response(int status, std::string body);

/// RFC 9110's phrase for a status code; "Unknown" for codes that it does not name.
[[nodiscard]] std::string_view reason_phrase(int status);

/// Whether a response with this status may carry a body: not 1xx, 204 or 304.
[[nodiscard]] bool allows_body(int status);

}  // namespace libagent
