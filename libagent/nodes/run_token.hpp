#pragma once

#include "libagent/base/task_id.hpp"
#include "libagent/nodes/peer_number.hpp"
#include "libagent/record/field.hpp"

#include <compare>
#include <cstdint>

namespace libagent {

/// The fencing token of a run that one node does for another: every message about it repeats the
/// whole of it, and only who holds the present one is listened to.
struct run_token {
  task_id id;                 ///< At the node that asked.
  std::uint32_t attempt = 0;  ///< At the node that asked; grows with every run of the task.
  peer_number lease = 0;  ///< Of the node that runs it, as the one that asked numbers its peers.

  friend auto operator<=>(const run_token&, const run_token&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, run_token& x) {
  return record(f, x, "run_token", field("id", "The task.", x.id),
                field("attempt", "Which of its runs.", x.attempt),
                field("lease", "Under which lease it runs.", x.lease));
}

}  // namespace libagent
