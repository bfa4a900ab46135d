#include "apps/lab/cache_runs.hpp"

#include "libagent/base/units.hpp"
#include "libagent/cache/belady.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>
#include <thread>

namespace libagent::lab {

namespace {

/// Runs the jobs on a few threads, in order, and says how many are done.
void run_all(const std::vector<std::function<void()>>& jobs, unsigned threads,
             const std::function<void(std::size_t, std::size_t)>& on_progress) {
  std::atomic<std::size_t> next{0};
  std::mutex reporting;
  std::size_t done = 0;
  const auto work = [&] {
    for (auto mine = next++; mine < jobs.size(); mine = next++) {
      jobs[mine]();
      const std::scoped_lock lock{reporting};
      on_progress(++done, jobs.size());
    }
  };
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < threads; ++i)
    others.emplace_back(work);
  work();
}

bool is_worth_running(const workload& work, cache_objective objective) {
  if (objective == cache_objective::hits)
    return true;
  return work.mode == charge_mode::bytes && (work.is_costed || objective == cache_objective::bytes);
}

measured_cell empty_cell(const workload& work, const cache_size& size) {
  const auto footprint = work.trace.footprint_bytes();
  measured_cell cell;
  cell.cell = {.trace = work.name, .mode = work.mode, .capacity = size.of(footprint)};
  cell.size = size;
  cell.requests = work.trace.requests.size();
  cell.is_costed = work.is_costed;
  cell.slots = static_cast<double>(cell.cell.capacity) *
               static_cast<double>(work.trace.objects.size()) /
               static_cast<double>(std::max<std::uint64_t>(footprint, 1));
  return cell;
}

void measure_optimum(const workload& work, measured_cell& into) {
  into.belady = replay_belady(work.trace, into.cell.capacity);
  for (const auto objective :
       {cache_objective::hits, cache_objective::bytes, cache_objective::cost})
    into.miss_bound[objective] = 1 - hit_bound(work.trace, into.cell.capacity, objective);
}

}  // namespace

std::string cache_size::label() const {
  if (share > 0)
    return fmt::format("{:g} %", share * 100);
  return bytes % mebibytes(1).bytes == 0 ? fmt::format("{} MiB", bytes / mebibytes(1).bytes)
                                         : fmt::format("{} B", bytes);
}

std::uint64_t cache_size::of(std::uint64_t footprint) const {
  return share > 0 ? static_cast<std::uint64_t>(static_cast<double>(footprint) * share) : bytes;
}

expected<cache_size> parse_cache_size(std::string_view text) {
  if (text.ends_with('%')) {
    double percent = 0;
    const auto* const end = text.data() + text.size() - 1;
    const auto [stopped, problem] = std::from_chars(text.data(), end, percent);
    if (problem == std::errc{} && stopped == end && percent > 0 && percent <= 100)
      return cache_size{.share = percent / 100};
  } else if (const auto size = parse_byte_size(text)) {
    return cache_size{.bytes = size->bytes};
  }
  return error{errc::invalid_argument,
               fmt::format("read cache size \"{}\": right would be a share of the footprint such "
                           "as 10%, at most 100%, or bytes such as 100MiB",
                           text)};
}

expected<std::vector<contender>> make_contenders(const std::vector<std::string>& names,
                                                 const std::vector<cache_objective>& objectives) {
  std::vector<contender> all;
  for (const auto& name : names) {
    for (const auto objective : objectives) {
      const auto factory = make_policy_factory({.name = name, .objective = objective});
      if (!factory)
        return factory.error();
      const auto weighs = find_policy(name)->weighs_entries;
      all.push_back({.policy = name,
                     .objective = weighs ? objective : cache_objective::hits,
                     .make = *factory});
      if (!weighs)
        break;
    }
  }
  return all;
}

std::optional<double> measured_cell::miss(const std::string& policy,
                                          cache_objective objective) const {
  auto found = outcomes.find({policy, objective});
  if (found == outcomes.end())
    found = outcomes.find({policy, cache_objective::hits});
  if (found == outcomes.end())
    return std::nullopt;
  return found->second.miss_ratio(objective);
}

std::vector<measured_cell> run_workload(
    const workload& work, const std::vector<contender>& contenders, unsigned jobs,
    const std::function<void(std::size_t, std::size_t)>& on_progress) {
  std::vector<measured_cell> cells;
  cells.reserve(work.sizes.size());
  for (const auto& size : work.sizes)
    cells.push_back(empty_cell(work, size));
  std::vector<std::function<void()>> replays;
  for (auto& cell : cells) {
    for (const auto& one : contenders) {
      if (!is_worth_running(work, one.objective))
        continue;
      auto& outcome = cell.outcomes[{one.policy, one.objective}];
      replays.emplace_back([&] { outcome = replay(work.trace, cell.cell.capacity, one.make); });
    }
    replays.emplace_back([&] { measure_optimum(work, cell); });
  }
  run_all(replays, jobs, on_progress);
  return cells;
}

}  // namespace libagent::lab
