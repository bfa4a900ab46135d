#pragma once

#include "apps/lab/cache_reference.hpp"
#include "libagent/cache/access_patterns.hpp"
#include "libagent/cache/policy_catalog.hpp"
#include "libagent/cache/trace_replay.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::lab {

/// A capacity: a share of the footprint of whatever is asked for, or bytes.
struct cache_size {
  double share = 0;         ///< Of the footprint; 0: see `bytes`.
  std::uint64_t bytes = 0;  ///< Makes sense with real charges only.

  [[nodiscard]] std::string label() const;  ///< "10 %" or "100 MiB".
  [[nodiscard]] std::uint64_t of(std::uint64_t footprint) const;
};

/// Reads "10%", "0.5%" or "100MiB". Errors: `invalid_argument`.
[[nodiscard]] expected<cache_size> parse_cache_size(std::string_view text);

/// A policy that takes part, for one objective.
struct contender {
  std::string policy;
  cache_objective objective = cache_objective::hits;
  policy_factory make;
};

/// Those of `names` for each of the objectives; policies that don't weigh entries only once, as
/// hits. Errors: an unknown name.
[[nodiscard]] expected<std::vector<contender>> make_contenders(
    const std::vector<std::string>& names, const std::vector<cache_objective>& objectives);

/// Requests to be replayed, and at what sizes.
struct workload {
  std::string name;
  charge_mode mode = charge_mode::objects;
  access_trace trace;
  std::vector<cache_size> sizes;
  bool is_costed = false;  ///< Whether the costs differ.
};

/// Everything that was measured at one size of one workload.
struct measured_cell {
  reference_cell cell;
  cache_size size;
  std::size_t requests = 0;
  double slots = 0;  ///< How many objects fit, on average.
  bool is_costed = false;
  std::map<std::pair<std::string, cache_objective>, replay_outcome> outcomes;
  replay_outcome belady;
  std::map<cache_objective, double> miss_bound;  ///< No policy misses less.

  /// What the policy missed when it was told to save this; nothing when it did not run.
  [[nodiscard]] std::optional<double> miss(const std::string& policy,
                                           cache_objective objective) const;
};

/// Replays the workload at all sizes under all contenders, Belady's MIN and the bound.
///
/// `jobs` replays run at a time. `on_progress(done, total)` is called after each, one call at a
/// time. Objectives other than hits are skipped where charges or costs are all alike.
[[nodiscard]] std::vector<measured_cell> run_workload(
    const workload& work, const std::vector<contender>& contenders, unsigned jobs,
    const std::function<void(std::size_t, std::size_t)>& on_progress);

}  // namespace libagent::lab
