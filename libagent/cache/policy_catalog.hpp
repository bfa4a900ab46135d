#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/cache/cache_objective.hpp"
#include "libagent/cache/ghost_cache.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace libagent {

/// A policy by its name, with what can be set.
struct policy_spec {
  std::string name = "adaptive";
  /// For the policies that weigh entries; the others ignore it.
  cache_objective objective = cache_objective::hits;
  /// K of LRU-K: how many references back an entry is judged by; 2 to 64.
  std::uint32_t k = 2;
};

struct policy_description {
  std::string_view name;
  std::string_view summary;  ///< One line, for help texts and documentation.
  bool weighs_entries;       ///< Whether the objective changes what it does.
};

/// Every policy that can be asked for by name, the simplest first.
[[nodiscard]] std::span<const policy_description> known_policies();

/// The description of a policy, or null when there is none of this name.
[[nodiscard]] const policy_description* find_policy(std::string_view name);

/// How to make the policy. Errors: `invalid_argument`, with the names that are known.
[[nodiscard]] expected<policy_factory> make_policy_factory(const policy_spec& spec);

}  // namespace libagent
