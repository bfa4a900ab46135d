#include "libagent/cache/ghost_table.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <utility>

using namespace libagent;

TEST_CASE("a ghost table forgets its entries from the oldest on", "[cache]") {
  ghost_table<> ghosts;
  seeded_random hash{1};
  const auto first = hash();
  const auto second = hash();
  ghosts.push(first, 10);
  ghosts.push(second, 20);
  REQUIRE(ghosts.oldest() != nullptr);
  CHECK(*ghosts.oldest() == 10);
  CHECK(ghosts.pop_oldest() == 10U);
  CHECK_FALSE(ghosts.contains(first));
  CHECK(ghosts.contains(second));
  CHECK(ghosts.pop_oldest() == 20U);
  CHECK_FALSE(ghosts.pop_oldest().has_value());
  CHECK(ghosts.oldest() == nullptr);
}

TEST_CASE("a ghost table gives an entry's payload back once", "[cache]") {
  ghost_table<> ghosts;
  seeded_random hash{2};
  const auto key = hash();
  ghosts.push(key, 7);
  REQUIRE(ghosts.find(key) != nullptr);
  CHECK(*ghosts.find(key) == 7);
  CHECK(ghosts.take(key) == 7U);
  CHECK_FALSE(ghosts.take(key).has_value());
  CHECK(ghosts.find(key) == nullptr);
  CHECK(ghosts.size() == 0);
}

TEST_CASE("a ghost table equals a plain queue under random use", "[cache]") {
  const auto seed = GENERATE(range(0U, 4U));
  CAPTURE(seed);
  seeded_random draw{seed};
  ghost_table<> ghosts;
  std::deque<std::pair<std::uint64_t, std::uint32_t>> plain;
  for (std::uint32_t step = 0; step < 20'000; ++step) {
    // Keys that share a home, so that runs of them form and must move when one is forgotten.
    const auto key = (draw() % 300) << (seed % 2 == 0 ? 34U : 55U);
    const auto found =
        std::ranges::find(plain, key, &std::pair<std::uint64_t, std::uint32_t>::first);
    REQUIRE(ghosts.contains(key) == (found != plain.end()));
    if (found != plain.end()) {
      REQUIRE(ghosts.take(key) == found->second);
      plain.erase(found);
    } else {
      ghosts.push(key, step);
      plain.emplace_back(key, step);
    }
    if (plain.size() > (step < 10'000 ? 200U : 20U)) {
      REQUIRE(ghosts.pop_oldest() == plain.front().second);
      plain.pop_front();
    }
    REQUIRE(ghosts.size() == plain.size());
  }
  std::deque<std::uint32_t> payloads;
  ghosts.for_each([&](std::uint32_t payload) { payloads.push_back(payload); });
  CHECK(std::ranges::equal(payloads, plain, {}, {},
                           &std::pair<std::uint64_t, std::uint32_t>::second));
}

TEST_CASE("a ghost table's memory follows the number of its entries", "[cache]") {
  ghost_table<> ghosts;
  seeded_random hash{3};
  for (std::uint32_t i = 0; i < 10'000; ++i)
    ghosts.push(hash(), i);
  CHECK(ghosts.memory_bytes() <= 10'000 * 18 + 1'024);
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    ghosts.push(hash(), i);
    ghosts.pop_oldest();
  }
  CHECK(ghosts.memory_bytes() <= 10'000 * 18 + 1'024);
  while (ghosts.size() > 100)
    ghosts.pop_oldest();
  CHECK(ghosts.memory_bytes() <= 8'192);
}
