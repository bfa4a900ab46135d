#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/schedule.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace libagent {

/// What never changes about a task once it is accepted: all that is needed to run it again.
struct journal_task {
  task_id id;
  std::string target;
  std::shared_ptr<const std::string> arguments;  ///< The body. Never null.
  lane task_lane = lane::interactive;
  effects task_effects = effects::idempotent;
  std::chrono::milliseconds timeout{0};
  unix_millis accepted_at = 0;
  unix_millis deadline = 0;
  criticality level = criticality::critical;
  std::string client;
  std::string key;                ///< Idempotency key, of that client; empty: none.
  std::uint64_t fingerprint = 0;  ///< Of what was asked for, to compare under the same key.
  task_id parent;                 ///< Nil: none.
  std::string trace;              ///< W3C traceparent; empty: none.
};

/// All that changes about a task in its life, as it is now; small but for the result.
struct journal_state {
  task_state state = task_state::queued;
  std::uint32_t attempt = 0;
  std::uint32_t failures = 0;  ///< Attempts that ended with an error which may pass.
  std::uint32_t crashes = 0;   ///< Attempts that took their executor or process down.
  std::uint64_t owner = 0;     ///< Incarnation of the node that runs it; 0: it does not run.
  std::optional<unix_millis> started_at;
  std::optional<unix_millis> ended_at;
  unix_millis not_before = 0;  ///< Queued, but not to be started earlier.
  std::string note;
  std::string node;
  std::optional<cache_use> cache;
  std::optional<error> failure;
  std::optional<raw_json> result;

  friend bool operator==(const journal_state&, const journal_state&) = default;
};

/// Children that a parent waits for, and what it needs to go on afterwards, as JSON. Empty: it
/// does not wait.
using journal_group = std::string;

/// A task as a journal knows it.
struct stored_task {
  journal_task task;
  journal_state now;
  journal_group group;
  bool is_damaged = false;  ///< The journal lost a part of it; `now.failure` says which.
};

/// One idempotency key that was used.
struct journal_key {
  std::string client;
  std::string key;
  std::uint64_t fingerprint = 0;
  task_id id;
  unix_millis accepted_at = 0;
};

// What is written. A commit is applied whole or not at all, in order.

/// A new task; its state is `queued`. One that is there is passed over: a commit that was applied
/// may have been answered with an error, and is tried again.
struct write_accepted {
  journal_task task;
  /// Somebody waits for the answer and can be told no; else it belongs to what is written with it.
  bool refusable = true;
};

/// Replaces a task's state. A task that is not there is passed over.
struct write_state {
  task_id id;
  journal_state now;
};

/// The children that a parent waits for from now on; empty: none any more.
struct write_group {
  task_id parent;
  journal_group group;
};

/// A schedule, new or changed.
struct write_schedule {
  schedule what;
};

struct write_schedule_removed {
  task_id id;
};

/// Removes an ended task for good.
struct write_purged {
  task_id id;
};

using journal_write = std::variant<write_accepted, write_state, write_group, write_schedule,
                                   write_schedule_removed, write_purged>;

}  // namespace libagent
