#include "libagent/cache/shard_stats.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("the counters of shards add up, their ages do not", "[cache]") {
  cache_stats all{.capacity_bytes = 10, .tenants = 2, .hits = 3, .hit_age_p99 = 8ms};
  add_shard(all, {.capacity_bytes = 5, .tenants = 1, .hits = 4, .hit_age_p99 = 16ms});
  CHECK(all.capacity_bytes == 15);
  CHECK(all.hits == 7);
  CHECK(all.tenants == 2);
  CHECK(all.hit_age_p99 == 16ms);
}
