#pragma once

#include "libagent/api/schedule_submission.hpp"
#include "libagent/base/time.hpp"
#include "libagent/tasks/task.hpp"

#include <string>
#include <vector>

namespace libagent {

// How tasks and schedules look on a terminal. Text of tools and clients is shown without control
// characters.

/// One line a task under a line of titles: id, state, tool, attempts, age, and the error or note.
/// Attempts that crashed stand behind a slash: `3/2`. Empty when there are none.
[[nodiscard]] std::string render_tasks(const std::vector<task_record>& tasks, unix_millis now);

/// Everything that is known of a task, one thing a line; crash reports as they are.
[[nodiscard]] std::string render_task(const task_record& task, unix_millis now);

/// One line a schedule under a line of titles. Empty when there are none.
[[nodiscard]] std::string render_schedules(const std::vector<schedule_view>& schedules);

/// How long ago: `5s`, `3m`, `2h`, `4d`, each rounded down; times to come are `0s`.
[[nodiscard]] std::string age_text(unix_millis since, unix_millis now);

}  // namespace libagent
