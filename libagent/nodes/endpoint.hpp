#pragma once

#include "libagent/base/expected.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace libagent {

/// Where a node listens, or is to be found.
struct endpoint {
  std::string host;  ///< An IPv4 address in 127.0.0.0/8.
  std::uint16_t port = 0;

  friend auto operator<=>(const endpoint&, const endpoint&) = default;
};

/// "HOST:PORT".
[[nodiscard]] std::string to_string(const endpoint& where);

/// Reads the HOST:PORT to listen on; port 0 means any free one.
///
/// Only loopback is accepted, an address in 127.0.0.0/8 or `localhost` (taken as 127.0.0.1, so
/// that no resolver has a say): traffic between nodes is neither encrypted nor authenticated, so
/// it must not leave the machine. Errors: `invalid_argument` for a bad spelling, `unsupported` for
/// any other host.
[[nodiscard]] expected<endpoint> parse_listen_endpoint(std::string_view text);

/// Reads the HOST:PORT of a node to join. As above, but the port must be given.
[[nodiscard]] expected<endpoint> parse_join_endpoint(std::string_view text);

}  // namespace libagent
