#pragma once

#include "libagent/base/time.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace libagent {

/// Asks for a schedule: exactly one of `at`, `after` and `cron` says when it runs.
struct schedule_request {
  std::string name;                                ///< For people; unique when not empty.
  std::optional<unix_millis> at;                   ///< Once, at this wall-clock time.
  std::optional<std::chrono::milliseconds> after;  ///< Once, after this time.
  std::string cron;                                ///< Again and again; see `cron_expression`.
  task_request request;                            ///< What is submitted; without a key.

  friend bool operator==(const schedule_request&, const schedule_request&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, schedule_request& x) {
  return record(
      f, x, "schedule_request",
      field("name", "For people; unique among schedules.", x.name)
          .max_size(128)
          .fallback(std::string{}),
      field("at", "Unix time in ms at which it runs once.", x.at),
      field("after_ms", "Milliseconds until it runs once.", x.after),
      field("cron", "Five cron fields in UTC, or @daily and the like: when it runs each time.",
            x.cron)
          .max_size(256)
          .fallback(std::string{}),
      field("request", "The task that is submitted; its key is set by the schedule.", x.request));
}

}  // namespace libagent
