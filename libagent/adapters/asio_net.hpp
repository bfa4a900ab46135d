#pragma once

#include "libagent/ports/async_net.hpp"

#include <cstddef>
#include <memory>

namespace libagent {

/// What may be under way at a time. More is refused with errc::overloaded.
struct async_net_options {
  std::size_t connections_max = 16'384;  ///< Each takes a file descriptor and about 1 KiB.
  std::size_t waits_max = 262'144;
};

/// Starts the one thread that serves all calls.
///
/// Host names are looked up one after the other on a second thread, which exists once there was a
/// name to look up; addresses and what waits on them are not held up by it. Destroying this waits
/// for a lookup that is under way. Errors: throws std::system_error when no thread can be started.
/// @pre both bounds are positive.
[[nodiscard]] std::unique_ptr<async_net> make_async_net(const async_net_options& options = {});

}  // namespace libagent
