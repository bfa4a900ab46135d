#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_request.hpp"
#include "libagent/tasks/task.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace libagent {

inline constexpr std::size_t idempotency_key_bytes_max = 128;

/// The header `Idempotency-Key`; empty when there is none.
///
/// Errors: `invalid_argument` for more than one of them, and for one that is empty, too long, or
/// has other than printable ASCII characters.
[[nodiscard]] expected<std::string> idempotency_key(const http_request& request);

/// The header `traceparent` of W3C Trace Context (Recommendation of 2021); empty when there is none
/// or when the standard says to ignore it: more than one, malformed, version ff, ids of zeros. A
/// version that is not known yet is read, as the standard says, as far as version 00 goes.
[[nodiscard]] std::string trace_parent(const http_request& request);

/// What the headers of a submit say of it: client, idempotency key and trace.
/// Errors: those of `client_name` and `idempotency_key`.
[[nodiscard]] expected<void> take_headers(const http_request& request, task_request& into);

}  // namespace libagent
