#pragma once

#include "apps/lab/report.hpp"

#include <string>
#include <vector>

namespace libagent::lab {

struct cache_options {
  std::string traces;                 ///< A folder; empty: generated workloads.
  std::vector<std::string> only;      ///< Workloads by name; empty: all.
  std::vector<std::string> policies;  ///< By name; empty: all.
  std::vector<std::string> sizes;     ///< As `parse_cache_size` reads them; empty: the usual ones.
  std::string objective = "cost";     ///< What weighing policies save, beside hits.
  unsigned jobs = 0;                  ///< Replays at a time; 0: one for each core.
  bool speed = false;                 ///< Measure the speed of the policies and nothing else.
};

/// The policies with a line on each, for the help text.
[[nodiscard]] std::string describe_policies();

/// Replays workloads under eviction policies, beside Belady's MIN and, where there is one, a
/// reference; measures their speed and memory. Returns the exit code.
[[nodiscard]] int run_cache(const lab_options& options, const cache_options& cache);

}  // namespace libagent::lab
