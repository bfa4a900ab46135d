#include "libagent/cache/ghost_cache.hpp"

#include "libagent/base/random.hpp"
#include "libagent/cache/lru_policy.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

ghost_cache lru_of(std::uint64_t capacity_bytes) {
  return ghost_cache{capacity_bytes,
                     [](const entry_index&) { return std::make_unique<lru_policy>(); }};
}

}  // namespace

TEST_CASE("a ghost cache hits what it took in and still holds", "[cache]") {
  auto cache = lru_of(2);
  CHECK_FALSE(cache.access({.key_hash = 1, .charge_bytes = 1}));
  CHECK_FALSE(cache.access({.key_hash = 2, .charge_bytes = 1}));
  CHECK(cache.access({.key_hash = 1, .charge_bytes = 1}));
  CHECK_FALSE(cache.access({.key_hash = 3, .charge_bytes = 1}));
  CHECK(cache.contains(1));
  CHECK_FALSE(cache.contains(2));
  CHECK(cache.policy().name() == "lru");
}

TEST_CASE("a ghost cache refuses an entry larger than itself and keeps the others", "[cache]") {
  auto cache = lru_of(10);
  cache.access({.key_hash = 1, .charge_bytes = 4});
  CHECK_FALSE(cache.access({.key_hash = 2, .charge_bytes = 11}));
  CHECK_FALSE(cache.contains(2));
  CHECK(cache.contains(1));
  cache.access({.key_hash = 3, .charge_bytes = 10});
  CHECK(cache.charged_bytes() == 10);
  CHECK(cache.size() == 1);
}

TEST_CASE("a ghost cache of no capacity holds nothing", "[cache]") {
  auto cache = lru_of(0);
  CHECK_FALSE(cache.access({.key_hash = 1, .charge_bytes = 1}));
  CHECK_FALSE(cache.access({.key_hash = 1, .charge_bytes = 1}));
  CHECK(cache.size() == 0);
}

TEST_CASE("a ghost cache evicts at once when it shrinks", "[cache]") {
  auto cache = lru_of(10);
  for (std::uint64_t key = 0; key < 5; ++key)
    cache.access({.key_hash = key, .charge_bytes = 2});
  CHECK(cache.erase(1));
  CHECK_FALSE(cache.erase(1));
  CHECK(cache.charged_bytes() == 8);
  cache.resize(5);
  CHECK(cache.charged_bytes() == 4);
  CHECK(cache.contains(4));
  CHECK(cache.contains(3));
  cache.resize(0);
  CHECK(cache.size() == 0);
}

TEST_CASE("a ghost cache of a known policy decides like one of any policy", "[cache]") {
  auto any = lru_of(50);
  basic_ghost_cache<lru_policy> known{
      50, [](const entry_index&) { return std::make_unique<lru_policy>(); }};
  seeded_random draw{9};
  for (int i = 0; i < 2'000; ++i) {
    const cache_entry_facts facts{.key_hash = draw() % 100, .charge_bytes = 1};
    REQUIRE(any.access(facts) == known.access(facts));
  }
}
