#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>

namespace libagent {

/// Lets this process open as many files and sockets as it is permitted to: raises the soft limit
/// to the hard one, and returns it.
///
/// Many systems give a soft limit of 1,024, for the sake of programs that use select(2), which this
/// project does not. Child processes inherit it. Idempotent. Thread safety: any thread.
/// Errors: `io_failed` with what the system said.
[[nodiscard]] expected<std::size_t> raise_open_file_limit();

}  // namespace libagent
