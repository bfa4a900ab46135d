#include "apps/lab/cache_workloads.hpp"

#include "apps/lab/cache_tables.hpp"
#include "apps/lab/cache_tiers.hpp"
#include "apps/lab/cache_trace.hpp"
#include "libagent/base/nearest_name.hpp"
#include "libagent/base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ranges>
#include <utility>

namespace libagent::lab {

namespace {

/// Larger files are left out of a quick run: they take most of the time.
constexpr std::uintmax_t quick_file_bytes_max = 450'000;

std::vector<cache_size> usual_shares() {
  return {{.share = 0.01}, {.share = 0.1}, {.share = 0.4}};
}

std::vector<cache_size> mission_sizes() {
  return {{.bytes = 0},
          {.bytes = mebibytes(100).bytes},
          {.bytes = mebibytes(200).bytes},
          {.bytes = mebibytes(300).bytes}};
}

std::vector<cache_size> sizes_of(charge_mode mode, const std::vector<cache_size>& wanted) {
  auto sizes = wanted;
  if (sizes.empty()) {
    sizes = usual_shares();
    std::ranges::copy(mission_sizes(), std::back_inserter(sizes));
  }
  if (mode == charge_mode::objects)
    std::erase_if(sizes, [](const cache_size& size) { return size.share == 0; });
  return sizes;
}

bool has_sizes(const access_trace& trace) {
  return std::ranges::any_of(trace.objects, [](const auto& one) { return one.charge_bytes != 1; });
}

bool has_costs(const access_trace& trace) {
  return std::ranges::any_of(trace.objects, [](const auto& one) { return one.cost != 1; });
}

struct wanted_modes {
  bool objects = true;
  bool bytes = true;
  bool tiers = false;
};

std::vector<workload> workloads_of(const std::string& name, const access_trace& trace,
                                   const std::vector<cache_size>& sizes,
                                   const wanted_modes& wanted) {
  std::vector<workload> works;
  const auto add = [&](std::string its_name, charge_mode mode, access_trace its_trace,
                       std::vector<cache_size> its_sizes) {
    const auto is_costed = has_costs(its_trace);
    works.push_back({.name = std::move(its_name),
                     .mode = mode,
                     .trace = std::move(its_trace),
                     .sizes = std::move(its_sizes),
                     .is_costed = is_costed});
  };
  if (wanted.objects)
    add(name, charge_mode::objects, in_object_mode(trace), sizes_of(charge_mode::objects, sizes));
  if (wanted.bytes)
    add(name, charge_mode::bytes, trace, sizes_of(charge_mode::bytes, sizes));
  if (wanted.tiers) {
    add(tiered_name(name), charge_mode::bytes, with_price_tiers(trace),
        {{.bytes = mebibytes(100).bytes}, {.bytes = mebibytes(200).bytes}});
  }
  std::erase_if(works, [](const workload& work) { return work.sizes.empty(); });
  return works;
}

workload_source source_of_file(const std::filesystem::path& file, const workload_choice& choice,
                               const reference_results& reference) {
  const auto name = trace_name(file);
  const auto load =
      [=, sizes = choice.sizes, in_objects = reference.has(name, charge_mode::objects),
       in_bytes = reference.has(name, charge_mode::bytes),
       in_tiers = reference.has(tiered_name(name),
                                charge_mode::bytes)]() -> expected<std::vector<workload>> {
    const auto trace = read_trace(file);
    if (!trace)
      return trace.error();
    const auto sized = has_sizes(*trace);
    return workloads_of(name, *trace, sizes,
                        {.objects = in_objects || (!sized && !in_bytes),
                         .bytes = in_bytes || (sized && !in_objects),
                         .tiers = in_tiers});
  };
  return {.name = name, .load = load};
}

expected<std::vector<workload_source>> file_sources(const workload_choice& choice,
                                                    const reference_results& reference) {
  const auto files = find_traces(choice.traces);
  if (!files)
    return files.error();
  std::vector<workload_source> sources;
  for (const auto& file : *files) {
    std::error_code unknown;
    if (choice.quick && std::filesystem::file_size(file, unknown) > quick_file_bytes_max)
      continue;
    sources.push_back(source_of_file(file, choice, reference));
  }
  return sources;
}

workload_source source_of_pattern(const std::string& name, const workload_choice& choice,
                                  const std::function<access_trace()>& generate) {
  const auto load = [=, sizes = choice.sizes]() -> expected<std::vector<workload>> {
    const auto is_agents = is_agent_like(name);
    return workloads_of(name, generate(), sizes, {.bytes = is_agents, .tiers = is_agents});
  };
  return {.name = name, .load = load};
}

std::vector<workload_source> generated_sources(const workload_choice& choice) {
  const std::size_t requests = choice.quick ? 100'000 : 1'000'000;
  const std::uint32_t keys = choice.quick ? 10'000 : 100'000;
  const auto seed = choice.seed;
  agent_mix_options agents;
  agents.requests = requests;
  return {
      source_of_pattern("agent-mix", choice, [=] { return agent_mix(agents, seed); }),
      source_of_pattern("zipf", choice, [=] { return zipf_requests(requests, keys, 0.9, seed); }),
      source_of_pattern("scan", choice,
                        [=] { return zipf_with_scans(requests, keys / 10, 0.9, seed); }),
      source_of_pattern("loop", choice, [=] { return loop_requests(requests, keys / 10, seed); }),
      source_of_pattern("shifting-hot-set", choice, [=] {
        return shifting_hot_set(requests, keys / 5, keys / 50, requests / 20, seed);
      })};
}

expected<std::vector<workload_source>> pick(std::vector<workload_source> sources,
                                            const std::vector<std::string>& names) {
  if (names.empty())
    return sources;
  std::vector<workload_source> picked;
  for (const auto& name : names) {
    const auto found = std::ranges::find(sources, name, &workload_source::name);
    if (found == sources.end()) {
      std::vector<std::string_view> known;
      known.reserve(sources.size());
      for (const auto& source : sources)
        known.emplace_back(source.name);
      return error{errc::not_found, fmt::format("choose workload: there is no \"{}\" in {}{}", name,
                                                fmt::join(known, ", "), did_you_mean(name, known))};
    }
    picked.push_back(*found);
  }
  return picked;
}

}  // namespace

expected<std::vector<workload_source>> find_workloads(const workload_choice& choice,
                                                      const reference_results& reference) {
  if (choice.traces.empty())
    return pick(generated_sources(choice), choice.only);
  auto sources = file_sources(choice, reference);
  if (!sources)
    return sources.error();
  return pick(*std::move(sources), choice.only);
}

}  // namespace libagent::lab
