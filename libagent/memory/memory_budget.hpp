#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace libagent {

/// What set the budget.
enum class budget_source : std::uint8_t { configured, address_space_limit, cgroup_limit, machine };

template <>
struct enum_names<budget_source> {
  static constexpr std::array<std::pair<budget_source, std::string_view>, 4> values{
      {{budget_source::configured, "configured"},
       {budget_source::address_space_limit, "address_space_limit"},
       {budget_source::cgroup_limit, "cgroup_limit"},
       {budget_source::machine, "machine"}}};
};

/// All that bounds the memory of this process, in bytes; empty where there is no bound.
struct memory_bounds {
  std::optional<std::uint64_t> configured_bytes;
  std::optional<std::uint64_t> address_space_bytes;  ///< RLIMIT_AS.
  std::optional<std::uint64_t> cgroup_bytes;
  std::uint64_t machine_bytes = 0;  ///< MemTotal.
  double machine_share = 0.5;       ///< Of the machine, for this process; in (0, 1].
};

struct memory_budget {
  std::uint64_t bytes = 0;
  budget_source source = budget_source::machine;
};

/// The smallest of the bounds, and which one it is.
[[nodiscard]] memory_budget derive_budget(const memory_bounds& bounds);

}  // namespace libagent
