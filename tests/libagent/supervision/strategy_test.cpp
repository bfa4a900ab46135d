#include "libagent/supervision/strategy.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("a strategy names the children to restart in start order", "[supervision]") {
  using positions = std::vector<std::size_t>;
  CHECK(children_to_restart(strategy::one_for_one, 1, 4) == positions{1});
  CHECK(children_to_restart(strategy::one_for_all, 1, 4) == positions{0, 1, 2, 3});
  CHECK(children_to_restart(strategy::rest_for_one, 1, 4) == positions{1, 2, 3});
  CHECK(children_to_restart(strategy::rest_for_one, 0, 2) == positions{0, 1});
  CHECK(children_to_restart(strategy::rest_for_one, 3, 4) == positions{3});
}
