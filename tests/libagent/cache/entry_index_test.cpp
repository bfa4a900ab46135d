#include "libagent/cache/entry_index.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <unordered_map>
#include <vector>

using namespace libagent;

TEST_CASE("an entry index finds what was inserted and not erased", "[cache]") {
  entry_index index;
  const auto slot = index.insert({.key_hash = 42, .charge_bytes = 7, .cost = 3});
  CHECK(index.find(42) == slot);
  CHECK(index.find(43) == entry_index::none);
  CHECK(index.facts(slot).charge_bytes == 7);
  index.set_weight(slot, 9, 4);
  CHECK(index.facts(slot).charge_bytes == 9);
  CHECK(index.facts(slot).cost == 4);
  CHECK(index.size() == 1);
  index.erase(slot);
  CHECK(index.find(42) == entry_index::none);
  CHECK(index.size() == 0);
}

TEST_CASE("an entry index gives the slot that became free last", "[cache]") {
  entry_index index;
  const auto first = index.insert({.key_hash = 1});
  const auto second = index.insert({.key_hash = 2});
  index.erase(first);
  index.erase(second);
  CHECK(index.insert({.key_hash = 3}) == second);
  CHECK(index.insert({.key_hash = 4}) == first);
  CHECK(index.slots() == 2);
}

TEST_CASE("an entry index equals a map under random use", "[cache]") {
  // The shifts make all keys share a bucket, or their tag, or neither.
  const auto shift = GENERATE(0U, 8U, 32U, 55U);
  CAPTURE(shift);
  seeded_random draw{shift};
  entry_index index;
  std::unordered_map<std::uint64_t, cache_slot> plain;
  for (int step = 0; step < 10'000; ++step) {
    const auto key = (draw() % 400) << shift;
    const auto known = plain.find(key);
    REQUIRE(index.find(key) == (known == plain.end() ? entry_index::none : known->second));
    if (known == plain.end()) {
      plain[key] = index.insert({.key_hash = key});
    } else if (draw() % 4 != 0 || plain.size() > 300) {
      index.erase(known->second);
      plain.erase(known);
    }
    REQUIRE(index.size() == plain.size());
  }
  for (const auto& [key, slot] : plain)
    CHECK(index.facts(slot).key_hash == key);
}

TEST_CASE("an entry index refuses to erase a slot twice", "[cache]") {
  entry_index index;
  const auto slot = index.insert({.key_hash = 77});
  index.insert({.key_hash = 78});
  index.erase(slot);
  CHECK_THROWS_AS(index.erase(slot), contract_violation);
}

TEST_CASE("an entry index stays within 32 bytes an entry", "[cache]") {
  entry_index index;
  seeded_random hash{5};
  for (int i = 0; i < 20'000; ++i)
    index.insert({.key_hash = hash()});
  CHECK(index.memory_bytes() <= 20'000 * 32);
}
