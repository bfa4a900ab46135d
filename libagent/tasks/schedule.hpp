#pragma once

#include "libagent/base/task_id.hpp"
#include "libagent/base/time.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/task.hpp"

#include <cstdint>
#include <string>

namespace libagent {

/// Runs a task at a time, after a delay, or again and again.
struct schedule {
  task_id id;
  std::string name;      ///< For people; unique among schedules when not empty.
  task_request request;  ///< What is submitted each time.
  std::string cron;      ///< Five fields, UTC; empty: it runs once, at `next_due`.
  unix_millis next_due = 0;
  unix_millis created_at = 0;
  std::uint64_t runs = 0;  ///< Tasks submitted so far.
  task_id last_task;       ///< Nil: none yet.

  friend bool operator==(const schedule&, const schedule&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, schedule& x) {
  return record(
      f, x, "schedule", field("id", "The schedule's UUID.", x.id),
      field("name", "For people.", x.name).fallback(std::string{}),
      field("request", "The task that is submitted.", x.request),
      field("cron", "Five cron fields in UTC; empty: once.", x.cron).fallback(std::string{}),
      field("next_due", "Unix time in ms of the next run.", x.next_due),
      field("created_at", "Unix time in ms.", x.created_at),
      field("runs", "Tasks submitted so far.", x.runs),
      field("last_task", "The latest of them; nil: none.", x.last_task));
}

}  // namespace libagent
