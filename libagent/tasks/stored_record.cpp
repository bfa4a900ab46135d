#include "libagent/tasks/stored_record.hpp"

namespace libagent {

task_record record_of(const stored_task& stored) {
  const auto& task = stored.task;
  const auto& now = stored.now;
  task_record record{.id = task.id,
                     .target = task.target,
                     .task_lane = task.task_lane,
                     .state = now.state,
                     .attempt = now.attempt,
                     .accepted_at = task.accepted_at,
                     .started_at = now.started_at,
                     .ended_at = now.ended_at,
                     .deadline = task.deadline,
                     .result = now.result,
                     .cache = now.cache,
                     .failure = now.failure,
                     .node = now.node,
                     .level = task.level,
                     .client = task.client,
                     .note = now.note,
                     .key = task.key,
                     .trace = task.trace,
                     .crashes = now.crashes};
  if (!task.parent.is_nil())
    record.parent = task.parent;
  return record;
}

task_request request_of(const journal_task& task) {
  return {.target = task.target,
          .arguments = {*task.arguments},
          .timeout = task.timeout,
          .lane_override = task.task_lane,
          .level = task.level,
          .client = task.client,
          .key = task.key,
          .trace = task.trace,
          .durable = true};
}

}  // namespace libagent
