#include "libagent/cache/policy_catalog.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/cache/adaptive_policy.hpp"
#include "libagent/cache/arc_policy.hpp"
#include "libagent/cache/fifo_policy.hpp"
#include "libagent/cache/gdsf_policy.hpp"
#include "libagent/cache/lirs_policy.hpp"
#include "libagent/cache/lru_k_policy.hpp"
#include "libagent/cache/lru_policy.hpp"
#include "libagent/cache/s3_fifo_policy.hpp"
#include "libagent/cache/sieve_policy.hpp"
#include "libagent/cache/w_tinylfu_policy.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace libagent {

namespace {

constexpr std::uint32_t k_min = 2;
constexpr std::uint32_t k_max = 64;

using policy_maker = policy_factory (*)(const policy_spec&);

template <class Policy>
policy_factory make_plain(const policy_spec&) {
  return [](const entry_index&) { return std::make_unique<Policy>(); };
}

template <class Policy>
policy_factory make_informed(const policy_spec&) {
  return [](const entry_index& entries) { return std::make_unique<Policy>(entries); };
}

// A memory of evicted entries pays where costs differ; for hits it only slows the forgetting.
policy_factory make_gdsf(const policy_spec& spec) {
  const gdsf_options options{.objective = spec.objective,
                             .remember_evicted = spec.objective != cache_objective::hits};
  return
      [=](const entry_index& entries) { return std::make_unique<gdsf_policy>(entries, options); };
}

policy_factory make_lru_k(const policy_spec& spec) {
  const lru_k_options options{.k = spec.k};
  return
      [=](const entry_index& entries) { return std::make_unique<lru_k_policy>(entries, options); };
}

policy_factory make_w_tinylfu(const policy_spec&) {
  return [](const entry_index& entries) {
    return std::make_unique<w_tinylfu_policy>(entries, w_tinylfu_options{.adaptive_window = true});
  };
}

policy_factory make_adaptive(const policy_spec& spec) {
  const adaptive_options options{.objective = spec.objective};
  return [=](const entry_index& entries) {
    return std::make_unique<adaptive_policy>(entries, options);
  };
}

struct catalog_entry {
  policy_description description;
  policy_maker make;
};

constexpr catalog_entry plain(std::string_view name, std::string_view summary, policy_maker make) {
  return {.description = {.name = name, .summary = summary, .weighs_entries = false}, .make = make};
}

constexpr catalog_entry weighing(std::string_view name, std::string_view summary,
                                 policy_maker make) {
  return {.description = {.name = name, .summary = summary, .weighs_entries = true}, .make = make};
}

constexpr std::array catalog{
    plain("fifo", "evicts what came first; cheap, and the yardstick", &make_plain<fifo_policy>),
    plain("lru", "evicts what was unused for longest", &make_plain<lru_policy>),
    plain("lru-k", "evicts by the K-th last use; a burst of uses counts once", &make_lru_k),
    plain("sieve", "as cheap as fifo, but spares what was used; no help against loops",
          &make_plain<sieve_policy>),
    plain("s3-fifo", "a small queue filters what is asked for once",
          &make_informed<s3_fifo_policy>),
    plain("arc", "balances recency and frequency by what it evicted too early",
          &make_informed<arc_policy>),
    plain("lirs", "keeps what comes back soonest; the best for loops", &make_informed<lirs_policy>),
    plain("w-tinylfu", "admits what is used more often than what would leave for it",
          &make_w_tinylfu),
    weighing("gdsf", "weighs uses, size and cost; for answers of many sizes", &make_gdsf),
    weighing("adaptive", "does what the best of several would do on the present workload",
             &make_adaptive),
};

constexpr auto descriptions = [] {
  std::array<policy_description, catalog.size()> all{};
  std::ranges::transform(catalog, all.begin(), &catalog_entry::description);
  return all;
}();

std::string unknown_policy(std::string_view name) {
  std::vector<std::string_view> names;
  std::string list;
  for (const auto& known : descriptions) {
    names.push_back(known.name);
    list += (list.empty() ? "" : ", ") + std::string{known.name};
  }
  return "choose cache policy: \"" + std::string{name} + "\" is not one of " + list +
         did_you_mean(name, names);
}

}  // namespace

std::span<const policy_description> known_policies() {
  return descriptions;
}

const policy_description* find_policy(std::string_view name) {
  const auto found = std::ranges::find(descriptions, name, &policy_description::name);
  return found == descriptions.end() ? nullptr : &*found;
}

expected<policy_factory> make_policy_factory(const policy_spec& spec) {
  const auto found =
      std::ranges::find(catalog, std::string_view{spec.name},
                        [](const catalog_entry& entry) { return entry.description.name; });
  if (found == catalog.end())
    return error{errc::invalid_argument, unknown_policy(spec.name)};
  if (spec.k < k_min || spec.k > k_max) {
    return error{errc::invalid_argument, "choose cache policy: K is " + std::to_string(spec.k) +
                                             ", allowed is " + std::to_string(k_min) + " to " +
                                             std::to_string(k_max)};
  }
  return found->make(spec);
}

}  // namespace libagent
