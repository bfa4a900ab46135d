#include "libagent/cache/expiry_index.hpp"

#include "libagent/base/random.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

TEST_CASE("the expiry index knows an entry as due at its very expiry", "[cache]") {
  expiry_index index;
  index.set(3, t0 + 10s);
  CHECK_FALSE(index.first_due(t0 + 10s - 1ns).has_value());
  CHECK(index.first_due(t0 + 10s) == 3U);
}

TEST_CASE("the expiry index moves an entry whose expiry changes", "[cache]") {
  expiry_index index;
  index.set(0, t0 + 1s);
  index.set(1, t0 + 2s);
  index.set(0, t0 + 3s);
  CHECK(index.size() == 2);
  CHECK(index.first_due(t0 + 9s) == 1U);
  index.remove(1);
  CHECK(index.first_due(t0 + 9s) == 0U);
  index.remove(0);
  index.remove(0);
  CHECK_FALSE(index.first_due(t0 + 9s).has_value());
}

TEST_CASE("the expiry index agrees with a sorted map under random operations", "[cache]") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  seeded_random random{seed};
  expiry_index index;
  std::map<cache_slot, time_point> model;
  for (int i = 0; i < 2'000; ++i) {
    const auto slot = static_cast<cache_slot>(random() % 50);
    if (random() % 3 == 0) {
      index.remove(slot);
      model.erase(slot);
    } else {
      const auto when = t0 + std::chrono::seconds{random() % 100};
      index.set(slot, when);
      model[slot] = when;
    }
    REQUIRE(index.size() == model.size());
    const auto first = index.first_due(time_point::max());
    REQUIRE(first.has_value() == !model.empty());
    if (first) {
      const auto least =
          std::ranges::min_element(model, {}, [](const auto& item) { return item.second; });
      REQUIRE(model.at(*first) == least->second);
    }
  }
}
