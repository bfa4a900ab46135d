#include "apps/lab/cache_comparison.hpp"

#include "apps/lab/cache_statistics.hpp"
#include "libagent/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace libagent::lab {

namespace {

bool is_compared(const measured_cell& cell) {
  static constexpr std::array shares{0.01, 0.1, 0.4};
  return std::ranges::find(shares, cell.size.share) != shares.end() && cell.requests >= 50'000 &&
         cell.slots >= 100;
}

struct comparison {
  charge_mode mode;
  cache_objective objective;
  std::string_view title;
  double mean_aim;
  double p90_aim;
};

constexpr std::array comparisons{
    comparison{charge_mode::objects, cache_objective::hits, "object mode", 2.0, 5.0},
    comparison{charge_mode::bytes, cache_objective::hits, "byte mode, hits", 1.0, 3.0},
    comparison{charge_mode::bytes, cache_objective::cost, "byte mode, cost", 1.0, 3.0},
    comparison{charge_mode::bytes, cache_objective::bytes, "byte mode, bytes", 0, 0},
};

/// The cells of one comparison that the reference knows as well.
std::vector<const measured_cell*> compared_cells(const cache_results& results,
                                                 const reference_results& reference,
                                                 const comparison& of) {
  std::vector<const measured_cell*> found;
  for (const auto& cell : results.cells) {
    if (cell.cell.mode == of.mode && is_compared(cell) &&
        (of.objective != cache_objective::cost || cell.is_costed) &&
        reference.best(cell.cell, of.objective) != nullptr)
      found.push_back(&cell);
  }
  return found;
}

struct losses {
  std::vector<double> excess;        // above the best of the reference, in %
  std::vector<double> above_belady;  // in %
};

losses losses_of(const std::string& policy, const std::vector<const measured_cell*>& cells,
                 const reference_results& reference, cache_objective objective) {
  losses all;
  for (const auto* const cell : cells) {
    const auto miss = cell->miss(policy, objective);
    if (!miss)
      continue;
    const auto best = reference.best(cell->cell, objective)->miss(objective);
    all.excess.push_back(percent_above(*miss, best));
    all.above_belady.push_back(percent_above(*miss, cell->belady.miss_ratio(objective)));
  }
  return all;
}

void add_cell_rows(report& into, const std::vector<const measured_cell*>& cells,
                   const reference_results& reference, const comparison& of) {
  const auto table = fmt::format("adaptive beside the best of the reference, {}", of.title);
  for (const auto* const cell : cells) {
    const auto miss = cell->miss("adaptive", of.objective);
    if (!miss)
      continue;
    const auto* const best = reference.best(cell->cell, of.objective);
    into.add_row(table,
                 {{"workload", cell->cell.trace},
                  {"size", cell->size.label()},
                  {"best policy", best->policy},
                  {"its misses %", 100 * best->miss(of.objective)},
                  {"adaptive misses %", 100 * *miss},
                  {"excess %", percent_above(*miss, best->miss(of.objective))},
                  {"above Belady %", percent_above(*miss, cell->belady.miss_ratio(of.objective))}});
  }
}

void add_loss_rows(report& into, const cache_results& results,
                   const std::vector<const measured_cell*>& cells,
                   const reference_results& reference, const comparison& of) {
  const auto table = fmt::format("misses above the best of the reference in %, {}, {} cells",
                                 of.title, cells.size());
  for (const auto& policy : results.policies) {
    const auto lost = losses_of(policy, cells, reference, of.objective);
    if (lost.excess.empty())
      continue;
    into.add_row(table, {{"policy", policy},
                         {"mean", mean_of(lost.excess)},
                         {"median", share_below(lost.excess, 0.5)},
                         {"p90", share_below(lost.excess, 0.9)},
                         {"max", std::ranges::max(lost.excess)},
                         {"above Belady, mean", mean_of(lost.above_belady)}});
  }
}

void add_excess_aims(report& into, const std::vector<const measured_cell*>& cells,
                     const reference_results& reference, const comparison& of) {
  const auto lost = losses_of("adaptive", cells, reference, of.objective);
  if (of.mean_aim == 0 || lost.excess.empty())
    return;
  into.add_aim(fmt::format("adaptive, {}: mean excess", of.title), aim_is::at_most, of.mean_aim,
               mean_of(lost.excess), "%");
  into.add_aim(fmt::format("adaptive, {}: p90 of the excess", of.title), aim_is::at_most,
               of.p90_aim, share_below(lost.excess, 0.9), "%");
  if (of.mode == charge_mode::objects) {
    into.add_aim("adaptive, object mode: mean distance to Belady", aim_is::at_most, 24,
                 mean_of(lost.above_belady), "%");
  }
}

void add_history_aim(report& into, const cache_results& results) {
  std::vector<double> fewer;
  for (const auto& cell : results.cells) {
    const auto lru = cell.miss("lru", cache_objective::hits);
    const auto lru_k = cell.miss("lru-k", cache_objective::hits);
    if (lru && lru_k && cell.cell.mode == charge_mode::objects && is_compared(cell) &&
        is_agent_like(cell.cell.trace))
      fewer.push_back(-percent_above(*lru_k, *lru));
  }
  if (!fewer.empty()) {
    into.add_aim(
        fmt::format("lru-k: fewer misses than lru, mean of {} agent-like cells", fewer.size()),
        aim_is::at_least, 7, mean_of(fewer), "%");
  }
}

// The aims are stated to a tenth of a percent, and so are the hits.
void add_size_aims(report& into, const cache_results& results) {
  static constexpr std::array<std::pair<std::uint64_t, double>, 3> aims{
      {{100, 83.9}, {200, 88.2}, {300, 89.9}}};
  for (const auto& cell : results.cells) {
    const auto miss = cell.miss("adaptive", cache_objective::hits);
    if (cell.cell.trace != "agent_mix_a" || cell.cell.mode != charge_mode::bytes ||
        cell.size.share > 0 || !miss)
      continue;
    for (const auto& [size, hits] : aims) {
      if (cell.size.bytes == mebibytes(size).bytes) {
        into.add_aim(fmt::format("adaptive: hits on agent_mix_a at {} MiB", size), aim_is::at_least,
                     hits, std::round(1000 * (1 - *miss)) / 10, "%");
      }
    }
  }
}

}  // namespace

void add_comparison(report& into, const cache_results& results,
                    const reference_results& reference) {
  for (const auto& one : comparisons) {
    if (std::ranges::find(results.objectives, one.objective) == results.objectives.end())
      continue;
    const auto cells = compared_cells(results, reference, one);
    add_cell_rows(into, cells, reference, one);
    add_loss_rows(into, results, cells, reference, one);
    add_excess_aims(into, cells, reference, one);
  }
}

void add_own_aims(report& into, const cache_results& results) {
  add_history_aim(into, results);
  add_size_aims(into, results);
}

}  // namespace libagent::lab
