#include "libagent/cache/cache_counters.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

TEST_CASE("a quantile of durations is the next power of two above it", "[cache]") {
  duration_histogram ages;
  CHECK(ages.quantile(0.5) == 0ms);
  for (int i = 0; i < 98; ++i)
    ages.add(100ms);
  ages.add(5s);
  ages.add(2h);
  CHECK(ages.total() == 100);
  CHECK(ages.quantile(0.5) == 128ms);
  CHECK(ages.quantile(0.98) == 128ms);
  CHECK(ages.quantile(0.99) == 8'192ms);
  CHECK(ages.quantile(1) == 8'388'608ms);
}

TEST_CASE("durations below a millisecond, and absurd ones, are counted too", "[cache]") {
  duration_histogram ages;
  ages.add(1us);
  CHECK(ages.quantile(1) == 1ms);
  ages.add(1ms);
  CHECK(ages.quantile(1) == 2ms);
  ages.add(duration::max());
  ages.add(-1s);
  CHECK(ages.total() == 4);
}

TEST_CASE("what was served adds to what was saved", "[cache]") {
  cache_counters counters;
  counters.count_served({.compute_time = 3s, .tokens = 10, .micro_cost = 2}, 1min);
  counters.count_served({.compute_time = 1s}, 1min);
  CHECK(counters.saved_time == 4s);
  CHECK(counters.saved_tokens == 10);
  CHECK(counters.saved_micro_cost == 2);
  CHECK(counters.hit_ages.quantile(0.5) == 65'536ms);
}
