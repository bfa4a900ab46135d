#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/task_id.hpp"
#include "libagent/record/json.hpp"
#include "libagent/tasks/task.hpp"
#include "libagent/tasks/task_group.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

/// What this process and its worker processes say to each other: one JSON record a line.
namespace libagent {

/// A longer line is an error, on either side.
inline constexpr std::size_t worker_line_bytes_max = std::size_t{16} << 20U;

/// Arguments and results stand one level inside of a line.
inline constexpr json_limits worker_line_limits{.bytes_max = worker_line_bytes_max,
                                                .depth_max = 80};

/// To a worker process: run a tool, or stop the run of that number.
struct worker_order {
  std::uint64_t run = 0;  ///< Counted by the sender. A stop that comes too late is for no run.
  bool stop = false;
  std::string tool;
  raw_json arguments;
  std::chrono::milliseconds timeout{0};  ///< From now on.
  std::optional<task_id> task;
  std::optional<group_outcome> group;  ///< What the children came to that an earlier run asked for.
};

template <class Inspector>
bool inspect(Inspector& f, worker_order& x) {
  return record(
      f, x, "worker_order", field("run", "Number of the run.", x.run),
      field("stop", "Whether that run shall stop; else it begins.", x.stop).fallback(false),
      field("tool", "Name of the tool.", x.tool).fallback(std::string{}),
      field("arguments", "Its input.", x.arguments).fallback(raw_json{}),
      field("timeout_ms", "How long it may take.", x.timeout)
          .fallback(std::chrono::milliseconds{0}),
      field("task", "The task's UUID.", x.task),
      field("group", "What its children came to.", x.group));
}

/// From a worker process, about one run. A result or a failure ends it.
struct worker_report {
  std::uint64_t run = 0;
  std::optional<task_progress> progress;
  std::optional<std::string> phase;
  std::optional<raw_json> result;
  std::optional<error> failure;
  std::optional<task_group> children;  ///< What it waits for; beside the result.
};

template <class Inspector>
bool inspect(Inspector& f, worker_report& x) {
  return record(f, x, "worker_report", field("run", "Number of the run.", x.run),
                field("progress", "How far it is.", x.progress),
                field("phase", "What it does from now on.", x.phase),
                field("result", "Its output.", x.result),
                field("failure", "Why it has none.", x.failure),
                field("children", "What it waits for.", x.children));
}

}  // namespace libagent
