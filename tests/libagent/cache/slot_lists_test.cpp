#include "libagent/cache/slot_lists.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <vector>

using namespace libagent;

namespace {

std::vector<cache_slot> members(const slot_lists<2>& lists, std::uint32_t list) {
  std::vector<cache_slot> found;
  for (auto slot = lists.oldest(list); slot != no_slot; slot = lists.newer(slot))
    found.push_back(slot);
  return found;
}

}  // namespace

TEST_CASE("a slot list runs from its oldest to its newest member", "[cache]") {
  slot_lists<2> lists;
  lists.push_newest(0, 4);
  lists.push_newest(0, 2);
  lists.push_oldest(0, 9);
  CHECK(members(lists, 0) == std::vector<cache_slot>{9, 4, 2});
  CHECK(lists.newest(0) == 2);
  CHECK(lists.older(2) == 4);
  CHECK(lists.older(9) == no_slot);
  lists.move_to_newest(0, 9);
  CHECK(members(lists, 0) == std::vector<cache_slot>{4, 2, 9});
}

TEST_CASE("a slot moves from one list to another", "[cache]") {
  slot_lists<2> lists;
  lists.push_newest(0, 0);
  lists.push_newest(0, 1);
  lists.move_to_newest(1, 0);
  CHECK(members(lists, 0) == std::vector<cache_slot>{1});
  CHECK(members(lists, 1) == std::vector<cache_slot>{0});
  lists.remove(1);
  CHECK(lists.oldest(0) == no_slot);
  CHECK_FALSE(lists.contains(1));
}

TEST_CASE("slot lists refuse what would break them", "[cache]") {
  slot_lists<2> lists;
  lists.push_newest(0, 3);
  CHECK_THROWS_AS(lists.push_newest(1, 3), contract_violation);
  CHECK_THROWS_AS(lists.push_oldest(0, 3), contract_violation);
  CHECK_THROWS_AS(lists.remove(2), contract_violation);
  CHECK_THROWS_AS(lists.move_to_newest(0, 100), contract_violation);
  CHECK_THROWS_AS(lists.push_newest(0, no_slot), contract_violation);
}

TEST_CASE("slot lists equal plain ones under random use", "[cache]") {
  const auto seed = GENERATE(range(0U, 3U));
  CAPTURE(seed);
  seeded_random draw{seed};
  slot_lists<2> lists;
  std::array<std::vector<cache_slot>, 2> plain;
  for (int step = 0; step < 3'000; ++step) {
    const auto slot = static_cast<cache_slot>(draw() % 40);
    const auto list = static_cast<std::uint32_t>(draw() % 2);
    const auto where = std::ranges::find_if(
        plain, [slot](const auto& other) { return std::ranges::count(other, slot) > 0; });
    REQUIRE(lists.contains(slot) == (where != plain.end()));
    if (where == plain.end()) {
      lists.push_newest(list, slot);
      plain[list].push_back(slot);
    } else {
      std::erase(*where, slot);
      if (draw() % 2 == 0) {
        lists.remove(slot);
      } else {
        lists.move_to_newest(list, slot);
        plain[list].push_back(slot);
      }
    }
    REQUIRE(members(lists, list) == plain[list]);
  }
}
