#pragma once

#include "libagent/tasks/journal_write.hpp"
#include "libagent/tasks/task.hpp"

namespace libagent {

/// What is shown of a task that only the journal knows.
[[nodiscard]] task_record record_of(const stored_task& stored);

/// The request that a task was made from.
[[nodiscard]] task_request request_of(const journal_task& task);

}  // namespace libagent
