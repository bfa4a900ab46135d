#include "libagent/cache/size_advisor.hpp"

#include "libagent/base/random.hpp"

#include "tests/support/cache_workload.hpp"
#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <utility>

using namespace libagent;
using libagent::testing::hash_of;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t advised_mib = 1ULL << 20U;
constexpr std::uint32_t advised_entry_bytes = 4'096;
constexpr auto accesses_per_second = 1'000;

/// Random keys of `keys`, a thousand a second, for `seconds`; returns when it ended.
time_point use_evenly(size_advisor& advisor, std::uint64_t keys, int seconds, time_point now = t0) {
  seeded_random draw{7};
  for (int i = 0; i < seconds * accesses_per_second; ++i) {
    advisor.access({hash_of(draw() % keys), advised_entry_bytes, 5}, now);
    now += 1ms;
  }
  return now;
}

}  // namespace

TEST_CASE("a cache in even use gains by each MiB what each MiB holds", "[cache]") {
  // 8 MiB in use evenly; the cache has half. A MiB more holds an eighth of the keys, and so has
  // an eighth of a thousand hits a second.
  size_advisor advisor{4 * advised_mib, {.sample_shift = 2}};
  const auto now = use_evenly(advisor, 8 * advised_mib / advised_entry_bytes, 200);
  const auto advice = advisor.advice(now);
  CHECK(advice.gain_per_mib == Approx(125).margin(25));
  CHECK(advice.loss_per_mib == Approx(125).margin(25));
  CHECK(advice.samples > 10'000);
}

TEST_CASE("a cache that holds all that is used gains nothing by more", "[cache]") {
  size_advisor advisor{16 * advised_mib, {.sample_shift = 2}};
  const auto now = use_evenly(advisor, 8 * advised_mib / advised_entry_bytes, 60);
  CHECK(advisor.advice(now).gain_per_mib == 0);
  CHECK(advisor.advice(now).loss_per_mib == 0);
}

TEST_CASE("a loop just larger than the cache promises much for a little more", "[cache]") {
  size_advisor advisor{4 * advised_mib, {.sample_shift = 0}};
  auto now = t0;
  const std::uint64_t keys = 9 * advised_mib / 2 / advised_entry_bytes;
  for (std::uint64_t i = 0; i < 30 * keys; ++i, now += 1ms)
    advisor.access({hash_of(i % keys), advised_entry_bytes}, now);
  const auto advice = advisor.advice(now);
  CHECK(advice.gain_per_mib > 900);
  CHECK(advice.loss_per_mib == 0);
}

TEST_CASE("advice counts what hits are worth", "[cache]") {
  size_advisor by_hits{4 * advised_mib, {.sample_shift = 2}};
  size_advisor by_cost{4 * advised_mib, {.sample_shift = 2, .objective = cache_objective::cost}};
  const auto now = use_evenly(by_hits, 8 * advised_mib / advised_entry_bytes, 20);
  use_evenly(by_cost, 8 * advised_mib / advised_entry_bytes, 20);
  CHECK(by_cost.advice(now).gain_per_mib == Approx(5 * by_hits.advice(now).gain_per_mib));
}

TEST_CASE("advice forgets: after a long pause the past is worth nothing", "[cache]") {
  size_advisor advisor{4 * advised_mib, {.sample_shift = 2, .half_life = 1min}};
  const auto busy_until = use_evenly(advisor, 8 * advised_mib / advised_entry_bytes, 120);
  const auto busy = advisor.advice(busy_until).gain_per_mib;
  CHECK(advisor.advice(busy_until + 30min).gain_per_mib < busy / 1'000);
}

TEST_CASE("resizing keeps what was learnt", "[cache]") {
  size_advisor advisor{4 * advised_mib, {.sample_shift = 2}};
  const auto now = use_evenly(advisor, 8 * advised_mib / advised_entry_bytes, 60);
  advisor.resize(12 * advised_mib);
  CHECK(advisor.memory_bytes() > 0);
  const auto later = use_evenly(advisor, 8 * advised_mib / advised_entry_bytes, 600, now);
  CHECK(advisor.advice(later).gain_per_mib < 10);
  advisor.resize(0);
  CHECK(advisor.advice(later).gain_per_mib == 0);
}
