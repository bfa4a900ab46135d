#include "libagent/http/site_check.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <string_view>

namespace libagent {

namespace {

/// `[::1]:8080` -> `[::1]`, `localhost:8080` -> `localhost`.
std::string_view without_port(std::string_view authority) {
  const auto bracket = authority.rfind(']');
  const auto colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? authority.substr(0, colon) : authority;
}

// A domain name cannot end in a label of digits only (RFC 3696, 2), so such a host is an address.
bool is_address(std::string_view host) {
  if (host.starts_with('['))
    return true;
  const auto last_label = host.substr(host.rfind('.') + 1);
  return !last_label.empty() &&
         std::ranges::all_of(last_label, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

expected<void> check_site(const http_request& request, const std::vector<std::string>& host_names) {
  const auto authority = request.headers.find("Host");
  const auto host = without_port(authority.value_or("localhost"));
  const auto is_host = [host](std::string_view name) { return same_header_name(host, name); };
  if (!is_address(host) && !is_host("localhost") && !std::ranges::any_of(host_names, is_host)) {
    return error{errc::invalid_argument, "read Host: " + quoted_excerpt(host) +
                                             " is no name of this server; if it should be, add "
                                             "it to the option http.host-names"};
  }
  const auto origin = request.headers.find("Origin");
  if (!origin)
    return {};
  const auto scheme_end = origin->find("://");
  if (scheme_end != std::string_view::npos && authority &&
      same_header_name(origin->substr(scheme_end + 3), *authority))
    return {};
  return error{errc::invalid_argument, "read Origin: requests from the web page at " +
                                           quoted_excerpt(*origin) + " are not accepted"};
}

}  // namespace libagent
