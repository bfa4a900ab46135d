#pragma once

#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace libagent::lab {

/// "TRIED: what the system said", from errno.
[[nodiscard]] error system_error_of(std::string_view tried);

/// A socket that connects, or has connected, to a port of 127.0.0.1. `flags` is 0 or SOCK_NONBLOCK.
[[nodiscard]] expected<owned_descriptor> connect_to(std::uint16_t port, int flags);

/// Sends `request` to a port of 127.0.0.1 and returns what comes up to the end of a line, without
/// it. Blocking.
[[nodiscard]] expected<std::string> ask_blocking(std::uint16_t port, std::string_view request);

}  // namespace libagent::lab
