#include "libagent/cache/expert_panel.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"
#include "libagent/cache/fifo_policy.hpp"
#include "libagent/cache/gdsf_policy.hpp"
#include "libagent/cache/lirs_policy.hpp"
#include "libagent/cache/lru_policy.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <vector>

using namespace libagent;

namespace {

enum panelist_place : std::uint8_t { lru_place, lirs_place };

std::vector<policy_factory> lru_and_lirs() {
  return {[](const entry_index&) { return std::make_unique<lru_policy>(); },
          [](const entry_index& entries) { return std::make_unique<lirs_policy>(entries); }};
}

cache_entry_facts panel_entry(std::uint64_t id, std::uint32_t charge = 1, std::uint32_t cost = 1) {
  return {seeded_random{id}(), charge, cost};
}

void loop_over(expert_panel& panel, std::uint64_t keys, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (std::uint64_t id = 0; id < keys; ++id)
      panel.observe(panel_entry(id));
  }
}

}  // namespace

TEST_CASE("a panel keeps its leader while the others are no better", "[cache]") {
  expert_panel panel{cache_objective::hits, lru_and_lirs(), lru_place};
  panel.resize(200);
  seeded_random random{1};
  for (int i = 0; i < 20'000; ++i)
    panel.observe(panel_entry(random() % 150));
  CHECK(panel.leader() == lru_place);
  CHECK(panel.changes() == 0);
}

TEST_CASE("a panel gives the lead to the expert that saves more, and takes it back", "[cache]") {
  expert_panel panel{cache_objective::hits, lru_and_lirs(), lru_place};
  panel.resize(200);
  loop_over(panel, 300, 10);
  CHECK(panel.leader() == lirs_place);
  // Ever new keys, each of them used again after a while: LRU's kind.
  for (std::uint64_t id = 1000; id < 6000; ++id) {
    panel.observe(panel_entry(id));
    panel.observe(panel_entry(id - 80));
  }
  CHECK(panel.leader() == lru_place);
  CHECK(panel.changes() == 2);
}

TEST_CASE("a panel wants a lead of a tenth of a cache, but of 32 entries at least", "[cache]") {
  const auto accesses_until_change = [](std::uint64_t capacity) {
    expert_panel panel{cache_objective::hits, lru_and_lirs(), lru_place};
    panel.resize(capacity);
    const auto keys = capacity * 2;
    std::uint64_t accesses = 0;
    for (; panel.changes() == 0; ++accesses)
      panel.observe(panel_entry(accesses % keys));
    return accesses - keys;  // the first round hits nothing
  };
  CHECK(accesses_until_change(100) == 33);  // in the second round LIRS hits with each access
  CHECK(accesses_until_change(1000) == 101);
}

TEST_CASE("a panel for cost follows the expert that saves cost, not hits", "[cache]") {
  const std::vector<policy_factory> experts{
      [](const entry_index& entries) { return std::make_unique<gdsf_policy>(entries); },
      [](const entry_index& entries) {
        return std::make_unique<gdsf_policy>(entries,
                                             gdsf_options{.objective = cache_objective::cost});
      }};
  for (const auto objective : {cache_objective::hits, cache_objective::cost}) {
    const std::size_t other = objective == cache_objective::hits ? 1 : 0;
    expert_panel panel{objective, experts, other};
    panel.resize(4000);
    seeded_random random{3};
    for (int i = 0; i < 30'000; ++i) {
      const auto id = random() % 600;
      const auto is_dear = id % 3 == 0;
      panel.observe(panel_entry(id, is_dear ? 40 : 10, is_dear ? 1000 : 1));
    }
    CHECK(panel.leader() != other);
  }
}

TEST_CASE("a panel on a sample comes to the same verdict", "[cache]") {
  expert_panel panel{cache_objective::hits,
                     lru_and_lirs(),
                     lru_place,
                     {.exact_entries_max = 500, .sampled_entries_max = 300}};
  panel.resize(2000);
  panel.fit(2000);
  CHECK_FALSE(panel.is_exact());
  loop_over(panel, 3000, 6);
  CHECK(panel.leader() == lirs_place);
}

TEST_CASE("a panel needs less memory on a sample, and is exact again in a small cache", "[cache]") {
  expert_panel panel{cache_objective::hits,
                     lru_and_lirs(),
                     lru_place,
                     {.exact_entries_max = 500, .sampled_entries_max = 300}};
  panel.resize(400);
  for (std::uint64_t id = 0; id < 400; ++id)
    panel.observe(panel_entry(id));
  panel.fit(501);
  CHECK_FALSE(panel.is_exact());
  panel.fit(400);
  CHECK_FALSE(panel.is_exact());
  panel.fit(374);
  CHECK(panel.is_exact());
  std::size_t held = 0;
  for (std::uint64_t id = 0; id < 400; ++id)
    held += panel.leader_holds(panel_entry(id).key_hash) ? 1U : 0U;
  CHECK(held > 140);  // half of them were sampled
  CHECK(held < 260);
}

TEST_CASE("a panel forgets what was erased, and weighs what was replaced", "[cache]") {
  expert_panel panel{cache_objective::hits, lru_and_lirs(), lru_place};
  panel.resize(100);
  for (std::uint64_t id = 0; id < 10; ++id)
    panel.observe(panel_entry(id, 10));
  panel.erase(panel_entry(0).key_hash);
  panel.erase(panel_entry(77).key_hash);
  CHECK_FALSE(panel.leader_holds(panel_entry(0).key_hash));
  panel.update(panel_entry(9, 30));
  panel.observe(panel_entry(20, 10));  // 90 + 20 + 10 of 100: two have to leave
  CHECK_FALSE(panel.leader_holds(panel_entry(1).key_hash));
  CHECK_FALSE(panel.leader_holds(panel_entry(2).key_hash));
  CHECK(panel.leader_holds(panel_entry(3).key_hash));
}

TEST_CASE("an expert that takes another's place starts with what the leader holds", "[cache]") {
  expert_panel panel{cache_objective::hits, lru_and_lirs(), lru_place};
  panel.resize(50);
  loop_over(panel, 50, 1);
  panel.replace(lirs_place, [](const entry_index&) { return std::make_unique<fifo_policy>(); });
  panel.lead(lirs_place);
  CHECK(panel.leading_policy().name() == "fifo");
  for (std::uint64_t id = 0; id < 50; ++id)
    CHECK(panel.leader_holds(panel_entry(id).key_hash));
  CHECK_THROWS_AS(panel.replace(lirs_place, lru_and_lirs().front()), contract_violation);
}

TEST_CASE("a panel tells what its leader evicted, once", "[cache]") {
  expert_panel panel{cache_objective::hits, lru_and_lirs(), lru_place};
  panel.resize(2);
  loop_over(panel, 3, 1);
  std::vector<std::uint64_t> dropped;
  panel.take_dropped(dropped);
  CHECK(dropped == std::vector<std::uint64_t>{panel_entry(0).key_hash});
  dropped.clear();
  panel.take_dropped(dropped);
  CHECK(dropped.empty());
}

TEST_CASE("a panel needs a leader among its experts", "[cache]") {
  CHECK_THROWS_AS((expert_panel{cache_objective::hits, lru_and_lirs(), 2}), contract_violation);
}
