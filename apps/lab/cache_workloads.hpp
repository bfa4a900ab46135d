#pragma once

#include "apps/lab/cache_reference.hpp"
#include "apps/lab/cache_runs.hpp"

#include <functional>
#include <string>
#include <vector>

namespace libagent::lab {

/// What to replay.
struct workload_choice {
  std::string traces;             ///< A folder; empty: generated workloads.
  std::vector<std::string> only;  ///< Names; empty: all.
  std::vector<cache_size> sizes;  ///< Empty: 1, 10 and 40 %, and 0, 100, 200 and 300 MiB.
  std::uint64_t seed = 1;
  bool quick = false;  ///< A tenth of the requests; only the short files.
};

/// A trace file or a pattern, which is read or generated only when its turn comes.
struct workload_source {
  std::string name;
  /// Once with objects as the unit of capacity and once with bytes, where both make sense; with
  /// price tiers as a third.
  std::function<expected<std::vector<workload>>()> load;
};

/// Errors: `not_found` when the folder has no traces, or there is no workload of one of the names.
[[nodiscard]] expected<std::vector<workload_source>> find_workloads(
    const workload_choice& choice, const reference_results& reference);

}  // namespace libagent::lab
