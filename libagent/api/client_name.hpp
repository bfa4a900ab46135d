#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_request.hpp"

#include <cstddef>
#include <string>

namespace libagent {

inline constexpr std::size_t client_name_bytes_max = 128;

/// Who sends a request, for fairness between clients: what its header `X-Client-Id` says, so that a
/// proxy can tell those behind it apart, else its address. Nothing secret depends on it.
///
/// Errors: `invalid_argument` for a name that is too long or has other than printable characters.
[[nodiscard]] expected<std::string> client_name(const http_request& request);

}  // namespace libagent
