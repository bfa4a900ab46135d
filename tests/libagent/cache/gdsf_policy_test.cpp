#include "libagent/cache/gdsf_policy.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"
#include "libagent/cache/ghost_cache.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <vector>

using namespace libagent;

namespace {

ghost_cache gdsf_ghost(std::uint64_t capacity_bytes, const gdsf_options& options = {}) {
  return {capacity_bytes, [options](const entry_index& entries) {
            return std::make_unique<gdsf_policy>(entries, options);
          }};
}

std::uint64_t hashed(std::uint64_t id) {
  return seeded_random{id}();
}

}  // namespace

TEST_CASE("gdsf for hits lets a large entry go before small ones", "[cache]") {
  auto cache = gdsf_ghost(100);
  cache.access({hashed(1), 10, 1});
  cache.access({hashed(2), 60, 1});
  cache.access({hashed(3), 30, 1});
  cache.access({hashed(4), 10, 1});
  CHECK_FALSE(cache.contains(hashed(2)));
  CHECK(cache.contains(hashed(1)));
}

TEST_CASE("gdsf for cost keeps what is dear per byte", "[cache]") {
  auto cache = gdsf_ghost(100, {.objective = cache_objective::cost});
  cache.access({hashed(1), 60, 600});
  cache.access({hashed(2), 20, 20});
  cache.access({hashed(3), 20, 40});
  cache.access({hashed(4), 10, 20});
  CHECK_FALSE(cache.contains(hashed(2)));
  CHECK(cache.contains(hashed(1)));
}

TEST_CASE("gdsf for bytes counts uses alone", "[cache]") {
  auto cache = gdsf_ghost(100, {.objective = cache_objective::bytes});
  cache.access({hashed(1), 60, 1});
  cache.access({hashed(1), 60, 1});
  cache.access({hashed(2), 10, 1});
  cache.access({hashed(3), 40, 1});
  CHECK(cache.contains(hashed(1)));
  CHECK_FALSE(cache.contains(hashed(2)));
}

TEST_CASE("gdsf lets equals go in order of their last use", "[cache]") {
  auto cache = gdsf_ghost(3);
  for (std::uint64_t id = 1; id <= 4; ++id)
    cache.access({hashed(id), 1, 1});
  CHECK_FALSE(cache.contains(hashed(1)));
  CHECK(cache.contains(hashed(2)));
}

TEST_CASE("gdsf lets no cost make an unused entry immortal", "[cache]") {
  auto cache = gdsf_ghost(10, {.objective = cache_objective::cost});
  for (std::uint64_t id = 1; id <= 2000; ++id)
    cache.access({hashed(id), 1, 1});
  cache.access({hashed(0), 1, 4'000'000'000});
  for (std::uint64_t id = 3000; id < 4000; ++id)
    cache.access({hashed(id), 1, 1});
  CHECK(cache.contains(hashed(0)));
  for (std::uint64_t id = 4000; id < 14'000; ++id)
    cache.access({hashed(id), 1, 1});
  CHECK_FALSE(cache.contains(hashed(0)));
}

TEST_CASE("gdsf with memory knows a popular entry that comes back", "[cache]") {
  for (const bool remembers : {false, true}) {
    auto cache = gdsf_ghost(4, {.remember_evicted = remembers});
    for (int i = 0; i < 8; ++i)
      cache.access({hashed(1), 1, 1});
    cache.erase(hashed(1));
    cache.access({hashed(1), 1, 1});
    for (std::uint64_t id = 2; id < 12; ++id)
      cache.access({hashed(id), 1, 1});
    CHECK(cache.contains(hashed(1)) == remembers);
  }
}

TEST_CASE("gdsf evicts every entry once, in order of priority", "[cache]") {
  entry_index entries;
  gdsf_policy gdsf{entries};
  seeded_random random{7};
  std::vector<double> value;
  for (std::uint32_t i = 0; i < 500; ++i) {
    const auto charge = static_cast<std::uint32_t>(random() % 1000 + 1);
    const auto slot = entries.insert({random(), charge, 1});
    gdsf.on_admit(entries.facts(slot));
    gdsf.on_insert(slot);
    const auto uses = random() % 4;
    for (std::uint64_t use = 0; use < uses; ++use)
      gdsf.on_hit(slot);
    value.push_back(static_cast<double>(uses + 1) / charge);
  }
  for (cache_slot slot = 0; slot < 500; slot += 3) {
    gdsf.on_remove(slot);
    value[slot] = -1;
  }
  double last = 0;
  std::size_t evicted = 0;
  while (const auto victim = gdsf.evict()) {
    CHECK(value[*victim] >= last);
    last = value[*victim];
    value[*victim] = -1;
    ++evicted;
  }
  CHECK(evicted == 333);
}

TEST_CASE("gdsf weighs a replaced value by its new size", "[cache]") {
  entry_index entries;
  gdsf_policy gdsf{entries};
  for (std::uint64_t id = 0; id < 3; ++id)
    gdsf.on_insert(entries.insert({hashed(id), 10, 1}));
  const auto before = entries.facts(2);
  entries.set_weight(2, 1000, 1);
  gdsf.on_update(2, before);
  CHECK(gdsf.evict() == 2U);
}

TEST_CASE("gdsf refuses news of a slot that holds nothing", "[cache]") {
  entry_index entries;
  gdsf_policy gdsf{entries};
  CHECK_THROWS_AS(gdsf.on_hit(0), contract_violation);
  CHECK_THROWS_AS(gdsf.on_remove(3), contract_violation);
  CHECK_FALSE(gdsf.evict().has_value());
}
