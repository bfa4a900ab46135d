#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/sse.hpp"
#include "libagent/session/turn.hpp"

#include <optional>

namespace libagent {

/// What an event of `POST /v1/sessions/{id}/messages` tells; the reverse of `update_event`. Empty
/// for the last one and for kinds of a newer server. Errors: `invalid_argument`.
[[nodiscard]] expected<std::optional<turn_update>> read_update_event(const sse_event& event);

}  // namespace libagent
