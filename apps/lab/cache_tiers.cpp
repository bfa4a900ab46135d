#include "apps/lab/cache_tiers.hpp"

#include "apps/lab/cache_statistics.hpp"
#include "libagent/base/random.hpp"
#include "libagent/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace libagent::lab {

namespace {

constexpr std::string_view tier_suffix = "+tiers";

/// The least that a policy which does not know the costs misses.
double best_without_costs(const measured_cell& cell, const reference_results& reference) {
  auto best = 1.0;
  for (const auto& [key, outcome] : cell.outcomes) {
    if (key.second == cache_objective::hits)
      best = std::min(best, outcome.miss_ratio(cache_objective::cost));
  }
  for (const auto& row : reference.rows(cell.cell)) {
    if (!row.is_outside_the_field() && row.policy.find("cost") == std::string::npos)
      best = std::min(best, row.cost_miss_ratio);
  }
  return best;
}

void add_tier_aim(report& into, const measured_cell& cell, const reference_results& reference) {
  const auto adaptive = cell.outcomes.find({"adaptive", cache_objective::cost});
  if (adaptive == cell.outcomes.end() || cell.size.bytes != mebibytes(100).bytes ||
      reference.rows(cell.cell).empty())
    return;
  const auto missed = adaptive->second.miss_ratio(cache_objective::cost);
  into.add_aim(
      fmt::format("adaptive: less money missed than the best cost-blind policy, {} at 100 MiB",
                  cell.cell.trace),
      aim_is::at_least, 30, -percent_above(missed, best_without_costs(cell, reference)), "%");
}

}  // namespace

void add_tier_comparison(report& into, const cache_results& results,
                         const reference_results& reference) {
  for (const auto& cell : results.cells) {
    if (!is_tiered(cell.cell.trace))
      continue;
    const auto table =
        fmt::format("{} at {}: money missed in %", cell.cell.trace, cell.size.label());
    for (const auto& [key, outcome] : cell.outcomes) {
      const auto knows_costs = key.second == cache_objective::cost;
      into.add_row(table, {{"policy", key.first},
                           {"told the costs", knows_costs ? "yes" : "no"},
                           {"missed", 100 * outcome.miss_ratio(cache_objective::cost)}});
    }
    add_tier_aim(into, cell, reference);
  }
}

bool is_tiered(std::string_view workload_name) {
  return workload_name.ends_with(tier_suffix);
}

std::string tiered_name(std::string_view trace) {
  return std::string{trace} + std::string{tier_suffix};
}

access_trace with_price_tiers(access_trace trace) {
  for (std::uint32_t id = 0; id < trace.objects.size(); ++id) {
    const auto draw = seeded_random{id ^ 0x7157U}() % 100;
    auto& cost = trace.objects[id].cost;
    const std::uint64_t dear = std::uint64_t{cost} * (draw < 70 ? 1 : draw < 95 ? 10 : 60);
    cost = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(dear, std::numeric_limits<std::uint32_t>::max()));
  }
  return trace;
}

}  // namespace libagent::lab
