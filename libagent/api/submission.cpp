#include "libagent/api/submission.hpp"

#include <utility>

namespace libagent {

expected<task_request> to_request(task_submission submission) {
  if (submission.tool.has_value() == submission.agent.has_value()) {
    return error{errc::invalid_argument,
                 submission.tool ? R"(/agent: give either "tool" or "agent", not both)"
                                 : R"(/tool: give "tool" or "agent", the name of what to run)"};
  }
  return task_request{
      .target = submission.tool ? *std::move(submission.tool) : "agent:" + *submission.agent,
      .arguments = std::move(submission.arguments),
      .timeout = submission.timeout,
      .lane_override = submission.lane_override,
      .level = submission.level,
      .durable = submission.durable};
}

}  // namespace libagent
