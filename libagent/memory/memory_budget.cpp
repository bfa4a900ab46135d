#include "libagent/memory/memory_budget.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

memory_budget derive_budget(const memory_bounds& bounds) {
  LIBAGENT_EXPECTS(bounds.machine_share > 0 && bounds.machine_share <= 1);
  const auto share = static_cast<double>(bounds.machine_bytes) * bounds.machine_share;
  memory_budget budget{static_cast<std::uint64_t>(share), budget_source::machine};
  const auto bound_by = [&budget](std::optional<std::uint64_t> bytes, budget_source source) {
    if (bytes && *bytes < budget.bytes)
      budget = {*bytes, source};
  };
  bound_by(bounds.cgroup_bytes, budget_source::cgroup_limit);
  bound_by(bounds.address_space_bytes, budget_source::address_space_limit);
  bound_by(bounds.configured_bytes, budget_source::configured);
  return budget;
}

}  // namespace libagent
