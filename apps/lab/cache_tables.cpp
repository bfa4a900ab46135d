#include "apps/lab/cache_tables.hpp"

#include "apps/lab/cache_tiers.hpp"
#include "libagent/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace libagent::lab {

namespace {

nlohmann::ordered_json percent_saved(std::optional<double> miss) {
  if (!miss)
    return "-";
  // Four digits tell apart what matters; more would only be noise to the reader.
  return std::stod(fmt::format("{:.2f}", 100 * (1 - *miss)));
}

std::string saved_title(charge_mode mode, cache_objective objective) {
  if (mode == charge_mode::objects)
    return "hits in %, capacity in objects";
  switch (objective) {
    using enum cache_objective;
    case bytes: return "bytes saved in %, capacity in bytes";
    case cost: return "cost saved in %, capacity in bytes";
    case hits: break;
  }
  return "hits in %, capacity in bytes";
}

bool is_shown(const measured_cell& cell, charge_mode mode, cache_objective objective) {
  return cell.cell.mode == mode && !is_tiered(cell.cell.trace) &&
         (objective != cache_objective::cost || cell.is_costed);
}

void add_saved_table(report& into, const cache_results& results, charge_mode mode,
                     cache_objective objective) {
  for (const auto& cell : results.cells) {
    if (!is_shown(cell, mode, objective))
      continue;
    report::row line{{"workload", cell.cell.trace}, {"size", cell.size.label()}};
    for (const auto& policy : results.policies)
      line[policy] = percent_saved(cell.miss(policy, objective));
    line["belady"] = percent_saved(cell.belady.miss_ratio(objective));
    line["bound"] = percent_saved(cell.miss_bound.at(objective));
    into.add_row(saved_title(mode, objective), std::move(line));
  }
}

/// The cells of one workload with capacities in MiB, the smallest first.
std::vector<const measured_cell*> absolute_cells(const cache_results& results,
                                                 const std::string& workload) {
  std::vector<const measured_cell*> found;
  for (const auto& cell : results.cells) {
    if (cell.cell.trace == workload && cell.cell.mode == charge_mode::bytes && cell.size.share == 0)
      found.push_back(&cell);
  }
  std::ranges::sort(found, {}, [](const measured_cell* cell) { return cell->cell.capacity; });
  return found;
}

template <class MissOf>
void add_size_line(report& into, const std::string& title, const std::string& name,
                   const std::vector<const measured_cell*>& cells, const MissOf& miss_of) {
  report::row line{{"policy", name}};
  for (const auto* const cell : cells)
    line[cell->size.label()] = percent_saved(miss_of(*cell));
  into.add_row(title, std::move(line));
}

void add_size_table(report& into, const cache_results& results, const std::string& workload,
                    cache_objective objective) {
  const auto cells = absolute_cells(results, workload);
  if (cells.empty() || !is_shown(*cells.front(), charge_mode::bytes, objective))
    return;
  const auto title = fmt::format("{}: {} in %", workload,
                                 objective == cache_objective::cost ? "cost saved" : "hits");
  for (const auto& policy : results.policies) {
    add_size_line(into, title, policy, cells,
                  [&](const measured_cell& cell) { return cell.miss(policy, objective); });
  }
  add_size_line(into, title, "Belady's MIN", cells, [&](const measured_cell& cell) {
    return std::optional{cell.belady.miss_ratio(objective)};
  });
  add_size_line(into, title, "nothing can pass", cells, [&](const measured_cell& cell) {
    return std::optional{cell.miss_bound.at(objective)};
  });
}

}  // namespace

void add_saved_tables(report& into, const cache_results& results) {
  add_saved_table(into, results, charge_mode::objects, cache_objective::hits);
  for (const auto objective : results.objectives)
    add_saved_table(into, results, charge_mode::bytes, objective);
}

void add_size_tables(report& into, const cache_results& results) {
  std::vector<std::string> names;
  for (const auto& cell : results.cells) {
    const auto& name = cell.cell.trace;
    if (name.starts_with("agent") && !is_tiered(name) &&
        std::ranges::find(names, name) == names.end())
      names.push_back(name);
  }
  for (const auto& name : names) {
    add_size_table(into, results, name, cache_objective::hits);
    add_size_table(into, results, name, cache_objective::cost);
  }
}

bool is_agent_like(std::string_view workload_name) {
  static constexpr std::array<std::string_view, 7> beginnings{
      "agent", "cache2k_orm", "cache2k_web", "arc_oltp", "orm", "web", "scarab"};
  return std::ranges::any_of(
      beginnings, [&](std::string_view start) { return workload_name.starts_with(start); });
}

}  // namespace libagent::lab
