#include "apps/lab/cache.hpp"

#include "apps/lab/cache_comparison.hpp"
#include "apps/lab/cache_speed.hpp"
#include "apps/lab/cache_tables.hpp"
#include "apps/lab/cache_through_actor.hpp"
#include "apps/lab/cache_tiers.hpp"
#include "apps/lab/cache_validation.hpp"
#include "apps/lab/cache_workloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <unistd.h>

namespace libagent::lab {

namespace {

/// Everything that the options ask for, checked.
struct cache_plan {
  std::vector<std::string> policies;
  std::vector<cache_objective> objectives{cache_objective::hits};
  std::vector<contender> contenders;
  std::vector<workload_source> sources;
  reference_results reference;
  unsigned jobs = 1;
};

expected<std::vector<cache_objective>> objectives_for(std::string_view name) {
  using enum cache_objective;
  if (name == to_string(hits))
    return std::vector{hits};
  for (const auto other : {bytes, cost}) {
    if (name == to_string(other))
      return std::vector{hits, other};
  }
  return error{errc::invalid_argument,
               fmt::format("choose objective: \"{}\" is not one of hits, bytes, cost", name)};
}

expected<reference_results> reference_beside(const std::string& traces) {
  const auto file = std::filesystem::path{traces} / "reference.csv";
  if (traces.empty() || !std::filesystem::exists(file))
    return reference_results{};
  return reference_results::read(file);
}

expected<std::vector<cache_size>> sizes_for(const std::vector<std::string>& texts) {
  std::vector<cache_size> sizes;
  for (const auto& text : texts) {
    const auto size = parse_cache_size(text);
    if (!size)
      return size.error();
    sizes.push_back(*size);
  }
  return sizes;
}

expected<cache_plan> make_plan(const lab_options& options, const cache_options& cache) {
  cache_plan plan;
  plan.policies = cache.policies;
  if (plan.policies.empty()) {
    for (const auto& known : known_policies())
      plan.policies.emplace_back(known.name);
  }
  auto objectives = objectives_for(cache.objective);
  if (!objectives)
    return objectives.error();
  plan.objectives = *std::move(objectives);
  auto contenders = make_contenders(plan.policies, plan.objectives);
  if (!contenders)
    return contenders.error();
  plan.contenders = *std::move(contenders);
  auto reference = reference_beside(cache.traces);
  if (!reference)
    return reference.error();
  plan.reference = *std::move(reference);
  auto sizes = sizes_for(cache.sizes);
  if (!sizes)
    return sizes.error();
  auto sources = find_workloads({.traces = cache.traces,
                                 .only = cache.only,
                                 .sizes = *sizes,
                                 .seed = options.seed,
                                 .quick = options.quick},
                                plan.reference);
  if (!sources)
    return sources.error();
  plan.sources = *std::move(sources);
  plan.jobs = cache.jobs > 0 ? cache.jobs : std::max(1U, std::thread::hardware_concurrency());
  return plan;
}

/// On a terminal one line that is written over; in a file nothing between the announcements.
void show_progress(std::size_t done, std::size_t total) {
  if (isatty(STDERR_FILENO) == 0)
    return;
  std::fprintf(stderr, "\r    %zu of %zu replays%s", done, total, done == total ? "\n" : "");
}

expected<cache_results> run_plan(const cache_plan& plan) {
  cache_results results{.policies = plan.policies, .objectives = plan.objectives};
  for (std::size_t i = 0; i < plan.sources.size(); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto& source = plan.sources[i];
    announce(fmt::format("[{}/{}] {}", i + 1, plan.sources.size(), source.name));
    const auto works = source.load();
    if (!works)
      return works.error();
    for (const auto& work : *works) {
      announce(fmt::format("    {} requests for {} objects, {} sizes, {}",
                           work.trace.requests.size(), work.trace.objects.size(), work.sizes.size(),
                           work.name));
      std::ranges::move(run_workload(work, plan.contenders, plan.jobs, show_progress),
                        std::back_inserter(results.cells));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    announce(fmt::format("    {:.1f} s", took.count()));
  }
  return results;
}

void add_provenance(report& into, const cache_options& cache, const cache_plan& plan, bool quick) {
  if (quick)
    into.add_note("A quick run leaves the large traces out: its averages are over few cells.");
  if (cache.traces.empty()) {
    into.add_note(
        "No trace folder was given (--traces DIR): these workloads are generated from the seed.");
  } else if (plan.reference.is_empty()) {
    into.add_note("There is no reference.csv beside the traces: nothing to compare with.");
  }
}

int fail(const error& problem) {
  std::fprintf(stderr, "agent-lab: %s\n", to_string(problem).c_str());
  return 2;
}

}  // namespace

std::string describe_policies() {
  std::string text = "Policies:\n";
  for (const auto& known : known_policies())
    text += fmt::format("  {:<12}{}\n", known.name, known.summary);
  return text;
}

int run_cache(const lab_options& options, const cache_options& cache) {
  report result{"cache"};
  result.set_config("traces", cache.traces.empty() ? "generated" : cache.traces);
  result.set_config("objective", cache.objective);
  result.set_config("quick", options.quick);
  result.set_config("seed", options.seed);
  const auto plan = make_plan(options, cache);
  if (!plan)
    return fail(plan.error());
  if (!cache.speed) {
    const auto results = run_plan(*plan);
    if (!results)
      return fail(results.error());
    add_provenance(result, cache, *plan, options.quick);
    add_saved_tables(result, *results);
    add_size_tables(result, *results);
    add_validation(result, *results, plan->reference);
    add_comparison(result, *results, plan->reference);
    add_own_aims(result, *results);
    add_tier_comparison(result, *results, plan->reference);
  }
  announce("speed of the policies on one thread");
  measure_cache_speed(result, plan->policies, options);
  measure_cache_actor(result, options);
  return result.finish(options);
}

}  // namespace libagent::lab
