#include "libagent/cache/policy_catalog.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/cache/arc_policy.hpp"
#include "libagent/cache/fifo_policy.hpp"
#include "libagent/cache/gdsf_policy.hpp"
#include "libagent/cache/lru_policy.hpp"
#include "libagent/cache/s3_fifo_policy.hpp"
#include "libagent/cache/sieve_policy.hpp"
#include "libagent/cache/w_tinylfu_policy.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace libagent {

namespace {

constexpr std::uint32_t history_depth_min = 2;
constexpr std::uint32_t history_depth_max = 8;

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

policy_factory make_w_tinylfu(const policy_spec&) {
  return [](const entry_index& entries) {
    return std::make_unique<w_tinylfu_policy>(entries, w_tinylfu_options{.adaptive_window = true});
  };
}

struct catalog_entry {
  policy_description description;
  policy_maker make;
};

constexpr std::array catalog{
    catalog_entry{{"fifo", "evicts what came first; cheap, and the yardstick", false},
                  &make_plain<fifo_policy>},
    catalog_entry{{"lru", "evicts what was unused for longest", false}, &make_plain<lru_policy>},
    catalog_entry{
        {"sieve", "as cheap as fifo, spares what was used; not against loops and scans", false},
        &make_plain<sieve_policy>},
    catalog_entry{{"s3-fifo", "a small queue filters what is asked for once", false},
                  &make_informed<s3_fifo_policy>},
    catalog_entry{{"arc", "balances recency and frequency by what it evicted too early", false},
                  &make_informed<arc_policy>},
    catalog_entry{
        {"w-tinylfu", "admits what is used more often than what would leave for it", false},
        &make_w_tinylfu},
    catalog_entry{{"gdsf", "weighs uses, size and cost; for answers of many sizes", true},
                  &make_gdsf},
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
  if (spec.history_depth < history_depth_min || spec.history_depth > history_depth_max)
    return error{errc::invalid_argument, "choose cache policy: history depth is " +
                                             std::to_string(spec.history_depth) + ", allowed is " +
                                             std::to_string(history_depth_min) + " to " +
                                             std::to_string(history_depth_max)};
  return found->make(spec);
}

}  // namespace libagent
