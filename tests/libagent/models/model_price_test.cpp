#include "libagent/models/model_price.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("a price for a million tokens is the cost of one in millionths", "[models]") {
  const model_price price{.input = 2.5, .output = 10};
  CHECK(cost_micro(price, {.prompt = 4, .completion = 3}) == 40);
  CHECK(cost_micro(price, {.prompt = 1'000'000, .completion = 1'000'000}) == 12'500'000);
}

TEST_CASE("costs are rounded up, but not for what doubles cannot say", "[models]") {
  CHECK(cost_micro({.input = 0.15, .output = 0}, {.prompt = 20}) == 3);
  CHECK(cost_micro({.input = 0.15, .output = 0}, {.prompt = 21}) == 4);
  CHECK(cost_micro({}, {.prompt = 1'000, .completion = 1'000}) == 0);
}

TEST_CASE("cached tokens have their own price, or that of all others", "[models]") {
  CHECK(cost_micro({.input = 4, .output = 0, .cached = 1}, {.prompt = 10, .cached = 6}) == 22);
  CHECK(cost_micro({.input = 4, .output = 0}, {.prompt = 10, .cached = 6}) == 40);
  // A provider that says that more was cached than was read.
  CHECK(cost_micro({.input = 4, .output = 0, .cached = 1}, {.prompt = 10, .cached = 60}) == 10);
}
