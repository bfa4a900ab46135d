#pragma once

#include "libagent/http/http_headers.hpp"
#include "libagent/http/url.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// One complete request, as a handler sees it.
struct http_request {
  std::string method;              ///< As sent; methods are case-sensitive: "GET", "POST", ...
  std::string path;                ///< Begins with `/`, without the query, still percent-encoded.
  std::vector<query_param> query;  ///< Decoded, in the order sent.
  http_headers headers;
  std::string body;
  std::string client_address;  ///< The peer's IP address without its port.

  /// The first query parameter of that name; valid as long as the request.
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const {
    for (const auto& param : query) {
      if (param.name == name) {
        return param.value;
      }
    }
    return std::nullopt;
  }
};

}  // namespace libagent
