#pragma once

#include "apps/lab/report.hpp"

#include <string>

namespace libagent::lab {

/// What `agent-lab isolation` takes beside the options of every experiment.
struct isolation_options {
  /// `cpu` compares ways to run short tasks beside CPU-bound ones; `io`, `blocking`, `backlog` and
  /// `memory` put other loads on a node; `all` does everything.
  std::string load = "all";
  /// How threads are ranked: `nice`, `fifo` (real-time priority for short tasks, where permitted),
  /// or `all` for both beside each other.
  std::string sched = "all";
  std::string peers = "apps/lab/peers";  ///< The peers' scripts; empty: without peers.
  int rounds = 4;                        ///< Of each mode, but 1 in quick.
  double seconds = 5;                    ///< Of a round under load; it is preceded by 3/5 idle.
  std::string pool_policy;               ///< Of the nodes' scheduler; empty: the default.
};

/// Short tasks beside long ones, in libagent, in plain pools, and in what others use. Returns the
/// exit code: 1 whenever a short task was not answered exactly once or long tasks stood still.
[[nodiscard]] int run_isolation(const lab_options& options, const isolation_options& which);

}  // namespace libagent::lab
