#include "libagent/api/client_name.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace libagent {

expected<std::string> client_name(const http_request& request) {
  const auto named = request.headers.find("X-Client-Id");
  if (!named)
    return request.client_address;
  const std::string_view name = *named;
  const auto is_printable = [](char c) { return c > ' ' && c < '\x7f'; };
  if (name.empty() || name.size() > client_name_bytes_max ||
      !std::ranges::all_of(name, is_printable)) {
    return error{errc::invalid_argument, "read the header X-Client-Id: expected 1 to " +
                                             std::to_string(client_name_bytes_max) +
                                             " printable ASCII characters without spaces, got " +
                                             std::to_string(name.size()) + " bytes"};
  }
  return std::string{name};
}

}  // namespace libagent
