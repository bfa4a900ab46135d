#include "libagent/http/http_response.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace libagent {

namespace {

struct status_phrase {
  int status;
  std::string_view phrase;
};

// Sorted by status. 499 is nginx's code for a request whose client or owner gave it up.
constexpr std::array status_phrases{
    status_phrase{100, "Continue"},
    status_phrase{200, "OK"},
    status_phrase{201, "Created"},
    status_phrase{202, "Accepted"},
    status_phrase{204, "No Content"},
    status_phrase{301, "Moved Permanently"},
    status_phrase{302, "Found"},
    status_phrase{303, "See Other"},
    status_phrase{304, "Not Modified"},
    status_phrase{307, "Temporary Redirect"},
    status_phrase{308, "Permanent Redirect"},
    status_phrase{400, "Bad Request"},
    status_phrase{401, "Unauthorized"},
    status_phrase{403, "Forbidden"},
    status_phrase{404, "Not Found"},
    status_phrase{405, "Method Not Allowed"},
    status_phrase{406, "Not Acceptable"},
    status_phrase{408, "Request Timeout"},
    status_phrase{409, "Conflict"},
    status_phrase{410, "Gone"},
    status_phrase{412, "Precondition Failed"},
    status_phrase{413, "Content Too Large"},
    status_phrase{414, "URI Too Long"},
    status_phrase{415, "Unsupported Media Type"},
    status_phrase{417, "Expectation Failed"},
    status_phrase{422, "Unprocessable Content"},
    status_phrase{429, "Too Many Requests"},
    status_phrase{431, "Request Header Fields Too Large"},
    status_phrase{499, "Client Closed Request"},
    status_phrase{500, "Internal Server Error"},
    status_phrase{501, "Not Implemented"},
    status_phrase{502, "Bad Gateway"},
    status_phrase{503, "Service Unavailable"},
    status_phrase{504, "Gateway Timeout"},
    status_phrase{505, "HTTP Version Not Supported"},
};

}  // namespace

http_response json_response(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

http_response text_response(int status, std::string body) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)};
}

std::string_view reason_phrase(int status) {
  const auto* found = std::ranges::lower_bound(status_phrases, status, {}, &status_phrase::status);
  return found != status_phrases.end() && found->status == status ? found->phrase : "Unknown";
}

bool allows_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace libagent
