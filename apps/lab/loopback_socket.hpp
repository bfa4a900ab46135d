#pragma once

#include "libagent/adapters/owned_descriptor.hpp"

#include <cstdint>
#include <string_view>

namespace libagent::lab {

/// Whether the kernel took all of it at once, as it does with a few bytes.
[[nodiscard]] bool send_at_once(const owned_descriptor& socket, std::string_view bytes);

/// A TCP connection to a port of this machine, without Nagle's delay; not open when nobody listens
/// there.
[[nodiscard]] owned_descriptor connect_loopback(std::uint16_t port);

}  // namespace libagent::lab
