#include "libagent/cache/w_tinylfu_policy.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"
#include "libagent/cache/ghost_cache.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>

using namespace libagent;

namespace {

ghost_cache w_tinylfu_ghost(std::uint64_t capacity_bytes, const w_tinylfu_options& options = {}) {
  return {capacity_bytes, [options](const entry_index& entries) {
            return std::make_unique<w_tinylfu_policy>(entries, options);
          }};
}

cache_entry_facts unit_entry(std::uint64_t id) {
  return {seeded_random{id}(), 1, 1};
}

}  // namespace

TEST_CASE("w-tinylfu keeps what is popular through a scan", "[cache]") {
  auto cache = w_tinylfu_ghost(100);
  for (int round = 0; round < 4; ++round) {
    for (std::uint64_t id = 0; id < 90; ++id)
      cache.access(unit_entry(id));
  }
  for (std::uint64_t id = 1000; id < 1400; ++id)
    cache.access(unit_entry(id));
  int kept = 0;
  for (std::uint64_t id = 0; id < 90; ++id)
    kept += cache.contains(unit_entry(id).key_hash) ? 1 : 0;
  CHECK(kept >= 85);
}

TEST_CASE("w-tinylfu hits in a loop that is larger than the cache", "[cache]") {
  auto cache = w_tinylfu_ghost(400);
  int hits = 0;
  for (int i = 0; i < 30'000; ++i)
    hits += cache.access(unit_entry(static_cast<std::uint64_t>(i) % 1000)) ? 1 : 0;
  CHECK(hits > 30'000 * 3 / 10);  // LRU: none; at most four tenths
}

TEST_CASE("w-tinylfu with a large window follows recency better", "[cache]") {
  // Everything is used twice, the second time soon, and never again.
  const auto hits_with = [](double window_share) {
    auto cache = w_tinylfu_ghost(200, {.window_share = window_share});
    int hits = 0;
    for (std::uint64_t i = 0; i < 5000; ++i) {
      cache.access(unit_entry(i));
      hits += cache.access(unit_entry(i < 15 ? i : i - 15)) ? 1 : 0;
    }
    return hits;
  };
  CHECK(hits_with(0.01) < 3000);
  CHECK(hits_with(0.2) > 4900);
}

TEST_CASE("the adaptive window grows where newcomers come back soon", "[cache]") {
  auto cache = w_tinylfu_ghost(200, {.adaptive_window = true});
  int late_hits = 0;
  for (std::uint64_t i = 0; i < 40'000; ++i) {
    cache.access(unit_entry(i));
    const auto hit = cache.access(unit_entry(i < 10 ? i : i - 10));
    late_hits += hit && i >= 30'000 ? 1 : 0;
  }
  const auto& policy = dynamic_cast<const w_tinylfu_policy&>(cache.policy());
  CHECK(policy.window_share() > 0.1);
  CHECK(late_hits > 9000);
}

TEST_CASE("w-tinylfu weighs a large candidate against all the entries it would displace",
          "[cache]") {
  auto cache = w_tinylfu_ghost(1000, {.window_share = 0.4});
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t id = 0; id < 100; ++id)
      cache.access({unit_entry(id).key_hash, 10, 1});
  }
  for (int i = 0; i < 20; ++i) {
    cache.access({unit_entry(500).key_hash, 400, 1});  // as popular as several of them, not forty
    cache.access({unit_entry(1000 + static_cast<std::uint64_t>(i)).key_hash, 10, 1});
  }
  CHECK_FALSE(cache.contains(unit_entry(500).key_hash));
}

TEST_CASE("w-tinylfu stays within its bytes and survives any order of calls", "[cache]") {
  auto cache = w_tinylfu_ghost(5000, {.window_share = 0.2, .adaptive_window = true});
  seeded_random random{11};
  for (int i = 0; i < 20'000; ++i) {
    const auto id = random() % 200;
    const auto charge = static_cast<std::uint32_t>(id % 37 * 13 + 1);
    switch (random() % 40) {
      case 0: cache.erase(unit_entry(id).key_hash); break;
      case 1: cache.resize(random() % 8000); break;
      default: cache.access({unit_entry(id).key_hash, charge, 1});
    }
    REQUIRE(cache.charged_bytes() <= cache.capacity_bytes());
  }
}

TEST_CASE("w-tinylfu accounts for a value that was replaced by a larger one", "[cache]") {
  entry_index entries;
  w_tinylfu_policy policy{entries, {.window_share = 0.5}};
  policy.on_resize(100);
  for (std::uint64_t id = 0; id < 4; ++id)
    policy.on_insert(entries.insert({unit_entry(id).key_hash, 20, 1}));
  const auto before = entries.facts(1);
  entries.set_weight(1, 60, 1);
  policy.on_update(1, before);
  int evicted = 0;
  while (const auto victim = policy.evict()) {
    entries.erase(*victim);
    ++evicted;
  }
  CHECK(evicted == 4);
}

TEST_CASE("w-tinylfu refuses news of a slot that holds nothing", "[cache]") {
  entry_index entries;
  w_tinylfu_policy policy{entries};
  CHECK_THROWS_AS(policy.on_hit(0), contract_violation);
  CHECK_THROWS_AS(policy.on_remove(0), contract_violation);
  CHECK_THROWS_AS((w_tinylfu_policy{entries, {.window_share = 0}}), contract_violation);
}
