#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace libagent {

/// Listening, non-blocking sockets on one address, closed with this object.
struct http_listeners {
  http_listeners() = default;
  http_listeners(http_listeners&& other) noexcept;
  http_listeners& operator=(http_listeners&& other) noexcept;
  http_listeners(const http_listeners&) = delete;
  http_listeners& operator=(const http_listeners&) = delete;
  ~http_listeners();

  std::vector<int> descriptors;  ///< Whoever takes one out owns it.
  std::uint16_t port = 0;
  int family = 0;  ///< AF_INET or AF_INET6.
};

/// Opens `count` sockets on the first address of `host` that can be bound. With several the kernel
/// spreads the connections (SO_REUSEPORT). That option would also share the port silently with
/// another process of the same user, so a bind without it comes first.
///
/// Blocking: resolves `host`. Errors, naming host and port: errc::already_exists when somebody
/// listens there, errc::invalid_argument when `host` is not known, errc::io_failed otherwise.
[[nodiscard]] expected<http_listeners> open_http_listeners(const std::string& host,
                                                           std::uint16_t port, std::size_t count);

}  // namespace libagent
