#include "libagent/base/random.hpp"
#include "libagent/cache/adaptive_policy.hpp"
#include "libagent/cache/arc_policy.hpp"
#include "libagent/cache/fifo_policy.hpp"
#include "libagent/cache/gdsf_policy.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/lirs_policy.hpp"
#include "libagent/cache/lru_k_policy.hpp"
#include "libagent/cache/lru_policy.hpp"
#include "libagent/cache/s3_fifo_policy.hpp"
#include "libagent/cache/sieve_policy.hpp"
#include "libagent/cache/w_tinylfu_policy.hpp"

#include "tests/support/cache_workload.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <iterator>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

using namespace libagent;

namespace {

struct tested_policy {
  std::string label;
  policy_factory make;
  std::size_t bytes_an_entry_max = 80;
};

template <class Policy, class... Options>
tested_policy tested(const std::string& label, const Options&... options) {
  return {label, [options...](const entry_index& entries) -> std::unique_ptr<eviction_policy> {
            if constexpr (std::is_constructible_v<Policy, const entry_index&, const Options&...>) {
              return std::make_unique<Policy>(entries, options...);
            } else {
              static_cast<void>(entries);
              return std::make_unique<Policy>(options...);
            }
          }};
}

tested_policy needing(std::size_t bytes_an_entry, tested_policy policy) {
  policy.bytes_an_entry_max = bytes_an_entry;
  return policy;
}

// A new policy is one line here.
std::vector<tested_policy> tested_policies() {
  return {
      tested<fifo_policy>("fifo"),
      tested<lru_policy>("lru"),
      tested<sieve_policy>("sieve"),
      tested<s3_fifo_policy>("s3-fifo"),
      tested<arc_policy>("arc"),
      tested<lirs_policy>("lirs"),
      tested<lirs_policy>("lirs, stamps run out", lirs_options{.stamp_max = 300}),
      tested<lru_k_policy>("lru-2"),
      tested<lru_k_policy>("lru-3, no correlation", lru_k_options{.k = 3, .correlated_share = 0}),
      tested<lru_k_policy>("lru-2, all correlated", lru_k_options{.correlated_share = 4}),
      tested<lru_k_policy>("lru-2, stamps run out", lru_k_options{.stamp_max = 300}),
      tested<gdsf_policy>("gdsf"),
      needing(90, tested<gdsf_policy>("gdsf, remembers", gdsf_options{.remember_evicted = true})),
      tested<w_tinylfu_policy>("w-tinylfu"),
      tested<w_tinylfu_policy>("w-tinylfu, climbs", w_tinylfu_options{.adaptive_window = true}),
      needing(300, tested<adaptive_policy>("adaptive")),
      tested<adaptive_policy>(
          "adaptive on a sample",
          adaptive_options{.sample = {.exact_entries_max = 8, .sampled_entries_max = 8}}),
  };
}

// An owner that keeps its own list of what it holds, and checks every word of the policy.
class checking_owner {
public:
  checking_owner(const policy_factory& make, std::uint64_t capacity) : policy_{make(entries_)} {
    resize(capacity);
  }

  void access(std::uint64_t key, std::uint32_t charge) {
    const cache_entry_facts facts{testing::hash_of(key), charge, 1};
    const auto slot = entries_.find(facts.key_hash);
    REQUIRE((slot != no_slot) == held_.contains(key));
    if (slot != no_slot) {
      policy_->on_hit(slot);
      return;
    }
    if (charge > capacity_)
      return;
    policy_->on_admit(facts);
    make_room_for(charge);
    policy_->on_insert(entries_.insert(facts));
    held_[key] = charge;
    charged_ += charge;
  }

  void erase(std::uint64_t key) {
    if (!held_.contains(key))
      return;
    const auto slot = entries_.find(testing::hash_of(key));
    policy_->on_remove(slot);
    drop(key, slot);
  }

  void update(std::uint64_t key, std::uint32_t charge) {
    if (!held_.contains(key))
      return;
    const auto slot = entries_.find(testing::hash_of(key));
    const auto old_facts = entries_.facts(slot);
    entries_.set_weight(slot, charge, 1);
    charged_ += charge - std::uint64_t{old_facts.charge_bytes};
    held_[key] = charge;
    policy_->on_update(slot, old_facts);
    make_room_for(0);
  }

  void resize(std::uint64_t capacity) {
    capacity_ = capacity;
    policy_->on_resize(capacity);
    make_room_for(0);
  }

  // Takes the next victim; returns whether there was one.
  bool evict() {
    const auto victim = policy_->evict();
    REQUIRE(victim.has_value() == !held_.empty());
    if (!victim)
      return false;
    REQUIRE(*victim < entries_.slots());
    const auto hash = entries_.facts(*victim).key_hash;
    REQUIRE(entries_.find(hash) == *victim);
    drop(key_of_.at(hash), *victim);
    return true;
  }

  void check() {
    REQUIRE(charged_ <= capacity_);
    REQUIRE(entries_.size() == held_.size());
    REQUIRE(policy_->memory_bytes() <= 32'768 + 96 * entries_.slots());
  }

  void know(std::uint64_t key) { key_of_[testing::hash_of(key)] = key; }

private:
  void make_room_for(std::uint64_t charge) {
    while (charged_ + charge > capacity_)
      REQUIRE(evict());
  }

  void drop(std::uint64_t key, cache_slot slot) {
    REQUIRE(held_.contains(key));
    charged_ -= held_.at(key);
    held_.erase(key);
    entries_.erase(slot);
  }

  entry_index entries_;
  std::unique_ptr<eviction_policy> policy_;
  std::map<std::uint64_t, std::uint64_t> key_of_;
  std::map<std::uint64_t, std::uint32_t> held_;
  std::uint64_t charged_ = 0;
  std::uint64_t capacity_ = 0;
};

void one_random_call(checking_owner& owner, seeded_random& draw, std::uint32_t charge_max) {
  constexpr std::array<std::uint64_t, 5> capacities{0, 8, 60, 200, 400};
  const auto key = draw() % 2 == 0 ? draw() % 30 : draw() % 500;
  const auto charge = static_cast<std::uint32_t>(1 + draw() % charge_max);
  owner.know(key);
  const auto dice = draw() % 1'000;
  if (dice < 5)
    owner.resize(capacities.at(draw() % capacities.size()));
  else if (dice < 80)
    owner.erase(key);
  else if (dice < 160)
    owner.update(key, charge);
  else if (dice < 200)
    owner.evict();
  else
    owner.access(key, charge);
}

}  // namespace

TEST_CASE("every policy keeps its promises under random calls", "[cache]") {
  const auto charge_max = GENERATE(1U, 8U);
  const auto seed = GENERATE(range(0U, 3U));
  for (const auto& policy : tested_policies()) {
    CAPTURE(policy.label, charge_max, seed);
    seeded_random draw{seed};
    checking_owner owner{policy.make, 200};
    for (int call = 0; call < 4'000; ++call) {
      one_random_call(owner, draw, charge_max);
      owner.check();
    }
    while (owner.evict())
      owner.check();
  }
}

TEST_CASE("every policy hits with a cache of one entry when it is asked for twice", "[cache]") {
  for (const auto& policy : tested_policies()) {
    CAPTURE(policy.label);
    ghost_cache cache{1, policy.make};
    std::size_t hits = 0;
    for (std::uint64_t i = 0; i < 40; ++i)
      hits += cache.access({testing::hash_of(i / 2), 1, 1}) ? 1U : 0U;
    CHECK(hits == 20);
    CHECK(cache.size() == 1);
  }
}

TEST_CASE("every policy forgets nothing that fits", "[cache]") {
  for (const auto& policy : tested_policies()) {
    CAPTURE(policy.label);
    ghost_cache cache{100, policy.make};
    for (std::uint64_t i = 0; i < 1'000; ++i)
      REQUIRE(cache.access({testing::hash_of(i % 100), 1, 1}) == (i >= 100));
  }
}

TEST_CASE("every policy stays within its bytes an entry while strangers pass", "[cache]") {
  for (const auto& policy : tested_policies()) {
    CAPTURE(policy.label);
    ghost_cache cache{2'000, policy.make};
    for (std::uint64_t i = 0; i < 20'000; ++i)
      cache.access({testing::hash_of(i % 3 == 0 ? i % 1'000 : i), 1, 1});
    CHECK(cache.memory_bytes() <= cache.size() * policy.bytes_an_entry_max + 4'096);
  }
}
