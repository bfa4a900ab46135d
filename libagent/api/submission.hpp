#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace libagent {

/// The body of `POST /v1/tasks`: which tool or agent to run, and whether to wait for its end.
struct task_submission {
  std::optional<std::string> tool;
  std::optional<std::string> agent;
  raw_json arguments;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<lane> lane_override;
  std::optional<criticality> level;
  bool wait = false;
  std::optional<bool> durable;  ///< Absent: unless it is waited for; see `task_request`.
};

template <class Inspector>
bool inspect(Inspector& f, task_submission& x) {
  return record(
      f, x, "task_submission",
      field("tool", "Name of the tool to run; or give agent.", x.tool).max_size(64),
      field("agent", "Name of the agent to ask; or give tool.", x.agent).max_size(64),
      field("arguments", "The input, as the tool's schema says.", x.arguments).fallback(raw_json{}),
      field("timeout_ms", "Milliseconds until the task expires; default: the tool's.", x.timeout),
      field("lane", "Overrides the tool's lane.", x.lane_override),
      field("criticality", "How much it matters; default: the lane's.", x.level),
      field("wait", "Answer when the task has ended, not when it is accepted.", x.wait)
          .fallback(false),
      field("durable", "Whether it must survive a crash; default: unless it is waited for.",
            x.durable));
}

/// The request that a submission stands for.
///
/// Errors: `errc::invalid_argument` when it names both a tool and an agent, or neither.
[[nodiscard]] expected<task_request> to_request(task_submission submission);

}  // namespace libagent
