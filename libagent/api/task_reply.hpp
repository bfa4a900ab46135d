#pragma once

#include "libagent/http/http_response.hpp"
#include "libagent/http/sse.hpp"
#include "libagent/tasks/task.hpp"

#include <optional>

namespace libagent {

/// The answer to somebody who asked for a task's record: 200 whatever its state, or 202 when it
/// was just accepted.
[[nodiscard]] http_response record_reply(const task_record& record, int status = 200);

/// The answer to somebody who waited for the end of a task: 200 and the record when it
/// succeeded; otherwise the status of its error (see `to_http_error`), a body in OpenAI's error
/// shape, and the record beside it as `task`.
/// @pre The record is terminal.
[[nodiscard]] http_response ended_reply(const task_record& record);

/// The event that tells a stream of a change: `result` for the end, `progress` when the state is
/// the one told before, `state` otherwise.
[[nodiscard]] sse_event change_event(const task_record& record,
                                     std::optional<task_state> told_before);

}  // namespace libagent
