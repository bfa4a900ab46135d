#include "libagent/cache/lru_policy.hpp"

#include "libagent/base/contract.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("lru evicts the entry that was unused for longest", "[cache]") {
  lru_policy lru;
  for (cache_slot slot = 0; slot < 3; ++slot)
    lru.on_insert(slot);
  lru.on_hit(0);
  CHECK(lru.evict() == 1U);
  CHECK(lru.evict() == 2U);
  CHECK(lru.evict() == 0U);
  CHECK_FALSE(lru.evict().has_value());
}

TEST_CASE("lru counts a replaced value as used", "[cache]") {
  lru_policy lru;
  lru.on_insert(0);
  lru.on_insert(1);
  lru.on_update(0, {});
  CHECK(lru.evict() == 1U);
}

TEST_CASE("lru never picks an entry that was removed", "[cache]") {
  lru_policy lru;
  lru.on_insert(0);
  lru.on_insert(1);
  lru.on_remove(0);
  CHECK(lru.evict() == 1U);
  CHECK_FALSE(lru.evict().has_value());
}

TEST_CASE("lru takes a slot again after its entry left", "[cache]") {
  lru_policy lru;
  lru.on_insert(5);
  CHECK(lru.evict() == 5U);
  lru.on_insert(5);
  lru.on_insert(0);
  CHECK(lru.evict() == 5U);
}

TEST_CASE("lru refuses news of a slot that holds nothing", "[cache]") {
  lru_policy lru;
  lru.on_insert(1);
  CHECK_THROWS_AS(lru.on_hit(0), contract_violation);
  CHECK_THROWS_AS(lru.on_remove(7), contract_violation);
  CHECK_THROWS_AS(lru.on_insert(1), contract_violation);
}
