#include "libagent/cache/follow_leader_policy.hpp"

#include "libagent/base/random.hpp"
#include "libagent/cache/expert_panel.hpp"
#include "libagent/cache/fifo_policy.hpp"
#include "libagent/cache/lru_policy.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>

using namespace libagent;

namespace {

// A cache of three entries whose panel has seen the same accesses.
struct followed_cache {
  explicit followed_cache(std::size_t leader)
      : panel{cache_objective::hits,
              {[](const entry_index&) { return std::make_unique<fifo_policy>(); },
               [](const entry_index&) { return std::make_unique<lru_policy>(); }},
              leader},
        policy{entries, panel} {
    panel.resize(3);
  }

  static cache_entry_facts facts_of(std::uint64_t id) { return {seeded_random{id}(), 1, 1}; }

  [[nodiscard]] bool holds(std::uint64_t id) const {
    return entries.find(facts_of(id).key_hash) != no_slot;
  }

  void access(std::uint64_t id) {
    panel.observe(facts_of(id));
    policy.on_dropped();
    const auto slot = entries.find(facts_of(id).key_hash);
    if (slot != no_slot) {
      policy.on_hit(slot);
      return;
    }
    if (entries.size() == 3)
      entries.erase(policy.evict().value());
    policy.on_insert(entries.insert(facts_of(id)));
  }

  entry_index entries;
  expert_panel panel;
  follow_leader_policy policy;
};

}  // namespace

TEST_CASE("who follows a leader holds what the leader holds", "[cache]") {
  for (const std::size_t leader : {0U, 1U}) {
    followed_cache cache{leader};
    for (const std::uint64_t id : {1U, 2U, 3U, 1U, 4U})
      cache.access(id);
    // FIFO gave up 1, LRU 2.
    CHECK(cache.holds(1) == (leader == 1));
    CHECK(cache.holds(2) == (leader == 0));
    CHECK(cache.holds(4));
  }
}

TEST_CASE("under a new leader goes first what it does not hold", "[cache]") {
  followed_cache cache{0};
  for (const std::uint64_t id : {1U, 2U, 3U, 1U, 4U})
    cache.access(id);
  cache.panel.lead(1);  // holds 1, 3, 4; the cache 2, 3, 4
  cache.policy.on_new_leader();
  cache.access(5);  // LRU gives up 3 for it, but the cache still has 2, which nobody wants
  CHECK_FALSE(cache.holds(2));
  CHECK(cache.holds(3));
  cache.access(6);
  CHECK_FALSE(cache.holds(3));
  CHECK(cache.holds(4));
}

TEST_CASE("who follows a leader shrinks in the leader's order", "[cache]") {
  followed_cache cache{1};
  for (const std::uint64_t id : {1U, 2U, 3U, 1U})
    cache.access(id);
  cache.panel.resize(1);
  for (const std::uint64_t id : {2U, 3U}) {
    cache.entries.erase(cache.policy.evict().value());
    CHECK_FALSE(cache.holds(id));
  }
  CHECK(cache.holds(1));
}

TEST_CASE("who follows a leader gives up everything when asked to", "[cache]") {
  followed_cache cache{1};
  cache.access(1);
  cache.access(2);
  cache.policy.on_remove(cache.entries.find(followed_cache::facts_of(1).key_hash));
  CHECK(cache.policy.evict().has_value());
  CHECK_FALSE(cache.policy.evict().has_value());
}
