#include "libagent/cache/fifo_policy.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("fifo evicts in the order of arrival, used or not", "[cache]") {
  fifo_policy fifo;
  for (cache_slot slot = 0; slot < 3; ++slot)
    fifo.on_insert(slot);
  fifo.on_hit(0);
  fifo.on_update(0, {});
  CHECK(fifo.evict() == 0U);
  fifo.on_remove(1);
  CHECK(fifo.evict() == 2U);
  CHECK_FALSE(fifo.evict().has_value());
}
