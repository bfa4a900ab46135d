#pragma once

#include "apps/lab/cache_runs.hpp"
#include "apps/lab/report.hpp"

#include <string>
#include <vector>

namespace libagent::lab {

/// What the tables are made of.
struct cache_results {
  std::vector<std::string> policies;  ///< In the order of the columns.
  std::vector<cache_objective> objectives;
  std::vector<measured_cell> cells;
};

/// For each workload and size: the share of requests, bytes or cost that each policy saved, beside
/// Belady's MIN and the bound that no policy can pass.
void add_saved_tables(report& into, const cache_results& results);

/// For each workload of agents: hits and cost saved at 0, 100, 200 and 300 MiB, a line a policy.
void add_size_tables(report& into, const cache_results& results);

/// Whether the workload looks like what agents and web applications ask for: a hot set, a long
/// tail, and drift. Goes by the name.
[[nodiscard]] bool is_agent_like(std::string_view workload_name);

}  // namespace libagent::lab
