#include "apps/lab/cache_validation.hpp"

#include "apps/lab/cache_statistics.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>

namespace libagent::lab {

namespace {

/// How a policy of ours is called in the reference, and how far it may be off, in points.
struct counterpart {
  std::string_view ours;
  std::string_view theirs;
  charge_mode mode;
  double points_max;
};

constexpr std::array counterparts{
    counterpart{"fifo", "FIFO", charge_mode::objects, 0},
    counterpart{"fifo", "ref:FIFO", charge_mode::objects, 0},
    counterpart{"fifo", "FIFO", charge_mode::bytes, 0},
    counterpart{"fifo", "ref:FIFO", charge_mode::bytes, 0},
    counterpart{"lru", "LRU", charge_mode::objects, 0},
    counterpart{"lru", "ref:LRU", charge_mode::objects, 0},
    counterpart{"lru", "LRU", charge_mode::bytes, 0},
    counterpart{"lru", "ref:LRU", charge_mode::bytes, 0},
    counterpart{"belady", "Belady", charge_mode::objects, 0},
    counterpart{"belady", "ref:Belady", charge_mode::objects, 0},
    counterpart{"belady", "Belady", charge_mode::bytes, 0},
    counterpart{"belady", "ref:Belady", charge_mode::bytes, 0},
    counterpart{"sieve", "SIEVE", charge_mode::objects, 0.1},
    counterpart{"sieve", "ref:SIEVE", charge_mode::bytes, 0.1},
    counterpart{"arc", "ARC", charge_mode::objects, 0.1},
    counterpart{"arc", "ref:ARC", charge_mode::objects, 0.1},
    counterpart{"lru-k", "ref:LRU-2-crp.25", charge_mode::objects, 0.1},
    counterpart{"lru-k", "ref:LRU-2-crp.25", charge_mode::bytes, 0.1},
    counterpart{"lirs", "LIRS", charge_mode::objects, 0.7},
};

/// Policies that divide their room by shares round differently in a handful of entries; those that
/// must agree exactly are compared everywhere.
constexpr double slots_min = 100;

/// The share in whole millionths, rounded just as printing six digits does.
long long millionths(double share) {
  return std::llround(std::stod(fmt::format("{:.6f}", share)) * 1e6);
}

std::optional<double> points_off(const measured_cell& cell, const counterpart& pair,
                                 const reference_results& reference) {
  const auto* const row = reference.row(cell.cell, pair.theirs);
  const auto miss = pair.ours == "belady"
                        ? std::optional{cell.belady.miss_ratio()}
                        : cell.miss(std::string{pair.ours}, cache_objective::hits);
  if (row == nullptr || !miss)
    return std::nullopt;
  return static_cast<double>(std::llabs(millionths(*miss) - millionths(row->miss_ratio))) / 1e4;
}

}  // namespace

void add_validation(report& into, const cache_results& results,
                    const reference_results& reference) {
  for (const auto& pair : counterparts) {
    std::vector<double> off;
    for (const auto& cell : results.cells) {
      if (cell.cell.mode != pair.mode || (pair.points_max > 0 && cell.slots < slots_min))
        continue;
      if (const auto points = points_off(cell, pair, reference))
        off.push_back(*points);
    }
    if (off.empty())
      continue;
    const auto* const mode = pair.mode == charge_mode::objects ? "objects" : "bytes";
    into.add_row("the same policies in the reference, misses",
                 {{"ours", pair.ours},
                  {"theirs", pair.theirs},
                  {"capacity in", mode},
                  {"cells", off.size()},
                  {"points off, median", share_below(off, 0.5)},
                  {"points off, most", std::ranges::max(off)},
                  {"allowed", pair.points_max}});
    into.add_aim(fmt::format("{} beside {} in {}: points off", pair.ours, pair.theirs, mode),
                 aim_is::at_most, pair.points_max, std::ranges::max(off), "points");
  }
}

}  // namespace libagent::lab
