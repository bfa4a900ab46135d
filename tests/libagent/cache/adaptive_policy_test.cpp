#include "libagent/cache/adaptive_policy.hpp"

#include "libagent/base/random.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/lru_policy.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <set>

using namespace libagent;

namespace {

// Small enough that a cache of some hundred entries is a large one.
constexpr panel_sample small_sample{.exact_entries_max = 60, .sampled_entries_max = 100};

ghost_cache adaptive_ghost(std::uint64_t capacity, const adaptive_options& options = {}) {
  return {capacity, [options](const entry_index& entries) {
            return std::make_unique<adaptive_policy>(entries, options);
          }};
}

const adaptive_policy& policy_of(const ghost_cache& cache) {
  return dynamic_cast<const adaptive_policy&>(cache.policy());
}

cache_entry_facts adaptive_entry(std::uint64_t id, std::uint32_t charge = 1,
                                 std::uint32_t cost = 1) {
  return {seeded_random{id}(), charge, cost};
}

int hits_in_loop(ghost_cache& cache, int accesses, std::uint64_t keys) {
  int hits = 0;
  for (int i = 0; i < accesses; ++i)
    hits += cache.access(adaptive_entry(static_cast<std::uint64_t>(i) % keys)) ? 1 : 0;
  return hits;
}

// Every key is used twice, `later` accesses apart, and never again.
int hits_with_recency(ghost_cache& cache, std::uint64_t first, std::uint64_t keys,
                      std::uint64_t later) {
  int hits = 0;
  for (auto id = first; id < first + keys; ++id) {
    hits += cache.access(adaptive_entry(id)) ? 1 : 0;
    hits += cache.access(adaptive_entry(id - later)) ? 1 : 0;
  }
  return hits;
}

// An owner that knows what is resident and that keeps to the protocol.
struct careful_owner {
  explicit careful_owner(const adaptive_options& options) : policy{entries, options} {}

  void resize(std::uint64_t bytes) {
    capacity = bytes;
    policy.on_resize(bytes);
    make_room(0);
  }

  void make_room(std::uint64_t bytes) {
    while (charged + bytes > capacity) {
      const auto victim = policy.evict();
      REQUIRE(victim.has_value());
      leave(*victim);
    }
  }

  void leave(cache_slot slot) {
    REQUIRE(resident.erase(slot) == 1);  // no victim twice, none that was erased
    charged -= entries.facts(slot).charge_bytes;
    ++left;
    entries.erase(slot);
  }

  void access(const cache_entry_facts& facts) {
    const auto slot = entries.find(facts.key_hash);
    if (slot != no_slot) {
      policy.on_hit(slot);
      return;
    }
    if (facts.charge_bytes > capacity)
      return;
    policy.on_admit(facts);
    make_room(facts.charge_bytes);
    const auto taken = entries.insert(facts);
    policy.on_insert(taken);
    resident.insert(taken);
    charged += facts.charge_bytes;
  }

  void erase(std::uint64_t key_hash) {
    const auto slot = entries.find(key_hash);
    if (slot == no_slot)
      return;
    policy.on_remove(slot);
    leave(slot);
  }

  void replace(const cache_entry_facts& facts) {
    const auto slot = entries.find(facts.key_hash);
    if (slot == no_slot || facts.charge_bytes > capacity)
      return;
    const auto before = entries.facts(slot);
    entries.set_weight(slot, facts.charge_bytes, facts.cost);
    charged = charged + facts.charge_bytes - before.charge_bytes;
    policy.on_update(slot, before);
    make_room(0);
  }

  entry_index entries;
  adaptive_policy policy;
  std::set<cache_slot> resident;
  std::uint64_t charged = 0;
  std::uint64_t capacity = 0;
  std::size_t left = 0;
};

}  // namespace

TEST_CASE("adaptive hits in a loop where lru never does", "[cache]") {
  for (const auto& sample : {panel_sample{}, small_sample}) {
    auto cache = adaptive_ghost(300, {.sample = sample});
    const auto hits = hits_in_loop(cache, 20'000, 500);
    CHECK(hits > 20'000 * 2 / 5);  // LIRS alone: 58 %
    CHECK(policy_of(cache).leader_name() == "lirs");
  }
}

TEST_CASE("adaptive is as good as lru where recency is all", "[cache]") {
  for (const auto& sample : {panel_sample{}, small_sample}) {
    auto cache = adaptive_ghost(400, {.sample = sample});
    CHECK(hits_with_recency(cache, 1000, 8000, 150) > 7500);
  }
}

TEST_CASE("adaptive follows a workload that changes", "[cache]") {
  for (const auto& sample : {panel_sample{}, small_sample}) {
    auto cache = adaptive_ghost(300, {.sample = sample});
    hits_in_loop(cache, 10'000, 500);
    hits_with_recency(cache, 10'000, 3000, 140);  // time to learn
    CHECK(hits_with_recency(cache, 13'000, 3000, 140) > 2800);
    hits_in_loop(cache, 5000, 500);
    CHECK(hits_in_loop(cache, 5000, 500) > 2500);
    CHECK(policy_of(cache).leader_changes() >= 3);
  }
}

TEST_CASE("a migration to another policy keeps what is resident", "[cache]") {
  careful_owner owner{{.sample = small_sample}};
  owner.resize(500);
  std::size_t migrations = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const auto left_before = owner.left;
    owner.access(adaptive_entry(i % 800));
    migrations += owner.policy.is_migrating() ? 1U : 0U;
    REQUIRE(owner.left - left_before <= 1);
  }
  CHECK(migrations > 0);
  CHECK(owner.resident.size() == 500);
  CHECK_FALSE(owner.policy.is_migrating());
}

TEST_CASE("a migration moves a bounded number of entries with each access", "[cache]") {
  careful_owner owner{{.sample = small_sample}};
  owner.resize(500);
  std::size_t steps = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    owner.access(adaptive_entry(i % 800));
    steps += owner.policy.is_migrating() ? 1U : 0U;
  }
  CHECK(steps >= 5);
}

TEST_CASE("any mix of erasing, replacing and resizing leaves adaptive consistent", "[cache]") {
  const auto seed = GENERATE(1U, 2U, 3U);
  CAPTURE(seed);
  const auto sized = seed != 1;
  careful_owner owner{
      {.objective = sized ? cache_objective::cost : cache_objective::hits, .sample = small_sample}};
  const std::uint64_t capacity = sized ? 6000 : 500;
  owner.resize(capacity);
  seeded_random random{seed};
  bool migrated = false;
  for (std::uint64_t i = 0; i < 18'000; ++i) {
    // Loops and random accesses in turns, so that the lead changes.
    const auto id = i / 6000 % 2 == 0 ? i % 900 : random() % 600;
    const auto charge = static_cast<std::uint32_t>(sized ? id * 7 % 23 + 1 : 1);
    const auto cost = static_cast<std::uint32_t>(id * 13 % 101);
    switch (random() % 100) {
      case 0: owner.erase(adaptive_entry(id).key_hash); break;
      case 1: owner.replace(adaptive_entry(id, sized ? charge + 5 : 1, cost)); break;
      case 2: owner.resize(random() % 4 == 0 ? random() % capacity : capacity); break;
      default: owner.access(adaptive_entry(id, charge, cost));
    }
    migrated = migrated || owner.policy.is_migrating();
    REQUIRE(owner.charged <= owner.capacity);
  }
  CHECK((sized || migrated));
  owner.resize(0);
  CHECK(owner.resident.empty());
  CHECK_FALSE(owner.policy.evict().has_value());
}

TEST_CASE("the objective changes what adaptive prefers to keep", "[cache]") {
  const auto kept_dear = [](cache_objective objective) {
    auto cache = adaptive_ghost(4000, {.objective = objective});
    seeded_random random{5};
    int dear_hits = 0;
    for (int i = 0; i < 30'000; ++i) {
      const auto id = random() % 600;
      const auto is_dear = id % 3 == 0;
      const auto hit = cache.access(adaptive_entry(id, is_dear ? 40 : 10, is_dear ? 1000 : 1));
      dear_hits += hit && is_dear ? 1 : 0;
    }
    return dear_hits;
  };
  CHECK(kept_dear(cache_objective::cost) > 3 * kept_dear(cache_objective::hits) / 2);
}

TEST_CASE("adaptive on a sample is nearly as good as on all accesses", "[cache]") {
  const auto hits_with = [](const panel_sample& sample) {
    auto cache = adaptive_ghost(500, {.sample = sample});
    seeded_random random{9};
    int hits = 0;
    for (int i = 0; i < 30'000; ++i) {
      const auto skewed = random.unit() * random.unit() * random.unit();
      hits += cache.access(adaptive_entry(static_cast<std::uint64_t>(skewed * 5000))) ? 1 : 0;
    }
    return hits;
  };
  const auto exact = hits_with({});
  const auto sampled = hits_with(small_sample);
  CHECK(sampled > exact * 97 / 100);
}

TEST_CASE("adaptive is exact again when a large cache becomes a small one", "[cache]") {
  careful_owner owner{{.sample = small_sample}};
  owner.resize(300);
  for (std::uint64_t i = 0; i < 2000; ++i)
    owner.access(adaptive_entry(i % 400));
  owner.resize(30);
  for (std::uint64_t i = 0; i < 3000; ++i)
    owner.access(adaptive_entry(i % 50));
  CHECK(owner.resident.size() == 30);
  CHECK_FALSE(owner.policy.is_migrating());
  CHECK(owner.policy.leader_name() == "lirs");
}
