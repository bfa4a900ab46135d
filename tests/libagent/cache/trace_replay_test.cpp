#include "libagent/cache/trace_replay.hpp"

#include "libagent/cache/lru_policy.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace libagent;

namespace {

std::unique_ptr<eviction_policy> make_replayed_lru(const entry_index&) {
  return std::make_unique<lru_policy>();
}

}  // namespace

TEST_CASE("a replay counts requests, bytes and cost, and what of them was there", "[cache]") {
  access_trace trace;
  trace.objects = {{.key_hash = 1, .charge_bytes = 10, .cost = 3},
                   {.key_hash = 2, .charge_bytes = 30, .cost = 1}};
  trace.requests = {0, 0, 1, 0};
  const auto outcome = replay(trace, 40, make_replayed_lru);
  CHECK(outcome.requests == 4);
  CHECK(outcome.hits == 2);
  CHECK(outcome.miss_ratio() == 0.5);
  CHECK(outcome.miss_ratio(cache_objective::bytes) == Approx(40.0 / 60));
  CHECK(outcome.miss_ratio(cache_objective::cost) == Approx(4.0 / 10));
}

TEST_CASE("a replay on a cache without room misses everything", "[cache]") {
  const auto outcome = replay(loop_requests(100, 5, 1), 0, make_replayed_lru);
  CHECK(outcome.requests == 100);
  CHECK(outcome.miss_ratio() == 1);
}

TEST_CASE("a replay of nothing misses everything there was", "[cache]") {
  CHECK(replay({}, 10, make_replayed_lru).miss_ratio() == 1);
}
