#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/schedule.hpp"
#include "libagent/tasks/schedule_request.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace libagent {

/// What a schedule runs each time.
struct scheduled_task {
  std::optional<std::string> tool;
  std::optional<std::string> agent;
  raw_json arguments;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<lane> lane_override;
  std::optional<criticality> level;
};

template <class Inspector>
bool inspect(Inspector& f, scheduled_task& x) {
  return record(
      f, x, "scheduled_task",
      field("tool", "Name of the tool to run; or give agent.", x.tool).max_size(64),
      field("agent", "Name of the agent to ask; or give tool.", x.agent).max_size(64),
      field("arguments", "The input, as the tool's schema says.", x.arguments).fallback(raw_json{}),
      field("timeout_ms", "Milliseconds until the task expires; default: the tool's.", x.timeout),
      field("lane", "Overrides the tool's lane.", x.lane_override),
      field("criticality", "How much it matters; default: the lane's.", x.level));
}

/// The body of `POST /v1/schedules`: what to run, and when.
struct schedule_submission {
  std::string name;
  std::optional<unix_millis> at;
  std::optional<std::chrono::milliseconds> after;
  std::optional<std::string> cron;
  scheduled_task task;
};

template <class Inspector>
bool inspect(Inspector& f, schedule_submission& x) {
  return record(
      f, x, "schedule_submission",
      field("name", "For people; unique among schedules.", x.name)
          .max_size(128)
          .fallback(std::string{}),
      field("at", "Unix time in ms at which it runs once.", x.at),
      field("after_ms", "Milliseconds until it runs once.", x.after),
      field("cron", "Five cron fields in UTC, or @daily and the like.", x.cron).max_size(256),
      field("task", "What is run each time.", x.task));
}

/// The request that a submission stands for.
///
/// Errors: `invalid_argument`, with the path, when the task names both a tool and an agent or
/// neither, and when not exactly one of at, after_ms and cron says when it runs.
[[nodiscard]] expected<schedule_request> to_request(schedule_submission submission);

/// A schedule as it is shown.
struct schedule_view {
  task_id id;
  std::string name;
  std::optional<std::string> cron;  ///< Absent: it runs once.
  unix_millis next_due = 0;
  std::string next_due_utc;  ///< The same in ISO 8601.
  scheduled_task task;
  unix_millis created_at = 0;
  std::uint64_t runs = 0;
  std::optional<task_id> last_task;
};

template <class Inspector>
bool inspect(Inspector& f, schedule_view& x) {
  return record(f, x, "schedule_view", field("id", "The schedule's UUID.", x.id),
                field("name", "For people; may be empty.", x.name),
                field("cron", "When it runs each time; absent: once.", x.cron),
                field("next_due", "Unix time in ms of the next run.", x.next_due),
                field("next_due_utc", "The same in ISO 8601.", x.next_due_utc),
                field("task", "What is run each time.", x.task),
                field("created_at", "Unix time in ms.", x.created_at),
                field("runs", "Tasks submitted so far.", x.runs),
                field("last_task", "The latest of them.", x.last_task));
}

[[nodiscard]] schedule_view view_of(const schedule& shown);

}  // namespace libagent
