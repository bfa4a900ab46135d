#include "libagent/cache/cache_store.hpp"
#include "libagent/cache/lru_policy.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

/// A store with room for a few entries.
class timed_store : public cache_store {
public:
  timed_store()
      : cache_store{{.capacity_bytes = 10'000},
                    [](const entry_index&) { return std::make_unique<lru_policy>(); }} {}

  put_outcome keep_until(std::string_view key, std::string value, time_point until,
                         const cache_saving& saving) {
    return put("", key, std::make_shared<const std::string>(std::move(value)),
               cache_times::until(t0, until), saving, t0);
  }
};

}  // namespace

TEST_CASE("a stale value is served with its age, and one good after failures only is not",
          "[cache]") {
  timed_store store;
  const auto put = [&](const cache_times& times) {
    return store.put("", "a", std::make_shared<const std::string>("v"), times, {}, t0);
  };
  REQUIRE(put({t0, t0 + 10s, t0 + 15s, t0 + 20s}) == put_outcome::stored);
  const auto fresh = store.find("", "a", t0 + 9s);
  CHECK(fresh.freshness == cache_freshness::fresh);
  CHECK(fresh.age == 9s);
  const auto stale = store.find("", "a", t0 + 10s);
  CHECK(stale.freshness == cache_freshness::stale);
  CHECK(*stale.value == "v");
  const auto failed_only = store.find("", "a", t0 + 15s);
  CHECK(failed_only.freshness == cache_freshness::failed_only);
  CHECK(failed_only.value == nullptr);
  CHECK(*store.find_after_failure("", "a", t0 + 20s - 1ns).value == "v");
  CHECK(store.find_after_failure("", "a", t0 + 20s).value == nullptr);
  CHECK(store.counters().hits == 1);
  CHECK(store.counters().stale_served == 1);
  CHECK(store.counters().misses == 1);
  CHECK(store.counters().failure_served == 1);
}

TEST_CASE("an entry that was slow to compute is refreshed early by some askers", "[cache]") {
  timed_store store;
  store.keep_until("slow", "value", t0 + 100s, {.compute_time = 10s});
  store.keep_until("fast", "value", t0 + 100s, {.compute_time = 1ms});
  const auto due = [&](std::string_view key, time_point now) {
    int found = 0;
    for (int i = 0; i < 1'000; ++i)
      found += store.find("", key, now).freshness == cache_freshness::due ? 1 : 0;
    return found;
  };
  // The chance is e^-(time left / compute time): e^-9, e^-1 and e^-0.1.
  CHECK(due("slow", t0 + 10s) < 5);
  CHECK(due("fast", t0 + 90s) == 0);
  CHECK(due("slow", t0 + 90s) == Approx(368).margin(60));
  CHECK(due("slow", t0 + 99s) == Approx(905).margin(40));
  CHECK(store.counters().hits == 4'000);
  CHECK(store.counters().early_refreshes > 1'000);
}

TEST_CASE("every hit saves what computing the value took", "[cache]") {
  timed_store store;
  const cache_saving saving{.compute_time = 2s, .tokens = 1'000, .micro_cost = 30};
  store.keep_until("a", "value", t0 + 1h, saving);
  for (int i = 0; i < 3; ++i)
    CHECK(store.find("", "a", t0 + 5s).value != nullptr);
  CHECK(store.counters().saved_time == 6s);
  CHECK(store.counters().saved_tokens == 3'000);
  CHECK(store.counters().saved_micro_cost == 90);
  CHECK(store.counters().hit_ages.total() == 3);
  CHECK(store.counters().hit_ages.quantile(0.5) == 8'192ms);
}
