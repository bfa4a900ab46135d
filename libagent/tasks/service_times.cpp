#include "libagent/tasks/service_times.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace libagent {

namespace {

constexpr double mean_weight = 0.1;

duration whole_nanoseconds(double nanoseconds) {
  return std::chrono::duration_cast<duration>(std::chrono::nanoseconds{std::llround(nanoseconds)});
}

}  // namespace

void service_times::note(std::string_view target, duration took) {
  took = std::max(took, duration{});
  auto& known = history_of(target);
  ++known.count;
  known.noted_at = ++notes_;
  const auto weight = std::max(mean_weight, 1.0 / static_cast<double>(known.count));
  const auto took_ns = std::chrono::duration<double, std::nano>{took}.count();
  known.mean_ns += weight * (took_ns - known.mean_ns);
  known.p90.note(took);
  known.max = std::max(known.max, took);
  known.total += took;
}

service_times::history& service_times::history_of(std::string_view target) {
  if (const auto found = targets_.find(target); found != targets_.end())
    return found->second;
  if (targets_.size() >= targets_max)
    make_room();
  return targets_[std::string{target}];
}

void service_times::make_room() {
  targets_.erase(std::ranges::min_element(targets_, {},
                                          [](const auto& known) { return known.second.noted_at; }));
}

std::optional<service_estimate> service_times::estimate(std::string_view target) const {
  const auto found = targets_.find(target);
  if (found == targets_.end())
    return std::nullopt;
  const auto& known = found->second;
  return service_estimate{
      .mean = whole_nanoseconds(known.mean_ns), .p90 = known.p90.value(), .samples = known.count};
}

std::vector<slow_target> service_times::slowest(std::size_t n) const {
  std::vector<slow_target> all;
  all.reserve(targets_.size());
  for (const auto& [name, known] : targets_) {
    all.push_back({.name = name,
                   .mean = whole_nanoseconds(known.mean_ns),
                   .p90 = known.p90.value(),
                   .max = known.max,
                   .count = known.count,
                   .total = known.total});
  }
  std::ranges::sort(all, [](const slow_target& a, const slow_target& b) {
    return a.p90 != b.p90 ? a.p90 > b.p90 : a.name < b.name;
  });
  all.resize(std::min(n, all.size()));
  return all;
}

}  // namespace libagent
