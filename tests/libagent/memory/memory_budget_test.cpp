#include "libagent/memory/memory_budget.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

memory_bounds machine_of(std::uint64_t bytes, double share = 0.5) {
  memory_bounds bounds;
  bounds.machine_bytes = bytes;
  bounds.machine_share = share;
  return bounds;
}

}  // namespace

TEST_CASE("without other bounds the budget is the share of the machine", "[memory]") {
  const auto budget = derive_budget(machine_of(6'000));
  CHECK(budget.bytes == 3'000);
  CHECK(budget.source == budget_source::machine);
}

TEST_CASE("the smallest bound is the budget and is named", "[memory]") {
  auto bounds = machine_of(6'000);
  bounds.cgroup_bytes = 2'000;
  CHECK(derive_budget(bounds).source == budget_source::cgroup_limit);
  bounds.address_space_bytes = 1'000;
  CHECK(derive_budget(bounds).source == budget_source::address_space_limit);
  bounds.configured_bytes = 500;
  CHECK(derive_budget(bounds).source == budget_source::configured);
  CHECK(derive_budget(bounds).bytes == 500);
}

TEST_CASE("a configured budget never lifts a harder bound", "[memory]") {
  auto bounds = machine_of(6'000);
  bounds.cgroup_bytes = 2'000;
  bounds.configured_bytes = 9'000;
  CHECK(derive_budget(bounds).bytes == 2'000);
}

TEST_CASE("a share of nothing or of more than the machine is a bug of the caller", "[memory]") {
  CHECK_THROWS_AS(derive_budget(machine_of(1, 0)), contract_violation);
  CHECK_THROWS_AS(derive_budget(machine_of(1, 1.1)), contract_violation);
}
