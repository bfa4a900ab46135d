#include "libagent/nodes/endpoint.hpp"

#include "libagent/base/text.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

/// A decimal number in [0, max] without sign, spaces or a leading zero; it must fill `text`.
std::optional<std::uint16_t> number_up_to(std::string_view text, std::uint16_t max) {
  std::uint16_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, value);
  const bool zero_padded = text.size() > 1 && text.front() == '0';
  if (failure != std::errc{} || stopped != end || zero_padded || value > max)
    return std::nullopt;
  return value;
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (part == 3) || !number_up_to(text.substr(0, dot), 255))
      return false;
    text.remove_prefix(part == 3 ? text.size() : dot + 1);
  }
  return true;
}

expected<endpoint> parse_endpoint(std::string_view text, std::string_view purpose,
                                  std::uint16_t port_min) {
  const auto colon = text.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : number_up_to(text.substr(colon + 1), 65'535);
  const auto what = std::string{purpose} + " " + quoted_excerpt(text) + ": ";
  if (!port || colon == 0)
    return error{errc::invalid_argument, what + "expected HOST:PORT, for example 127.0.0.1:4711"};
  if (*port < port_min)
    return error{errc::invalid_argument, what + "a node to join needs a port from 1 to 65535"};
  const auto host = text.substr(0, colon);
  if (host == "localhost")
    return endpoint{.host = "127.0.0.1", .port = *port};
  if (!is_ipv4(host) || !host.starts_with("127.")) {
    return error{errc::unsupported,
                 what +
                     "only loopback (127.0.0.1 or localhost) is possible for now, because "
                     "traffic between nodes has no TLS yet"};
  }
  return endpoint{.host = std::string{host}, .port = *port};
}

}  // namespace

std::string to_string(const endpoint& where) {
  return where.host + ":" + std::to_string(where.port);
}

expected<endpoint> parse_listen_endpoint(std::string_view text) {
  return parse_endpoint(text, "listen on", 0);
}

expected<endpoint> parse_join_endpoint(std::string_view text) {
  return parse_endpoint(text, "join", 1);
}

}  // namespace libagent
