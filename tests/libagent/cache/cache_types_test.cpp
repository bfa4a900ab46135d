#include "libagent/cache/cache_types.hpp"

#include "libagent/cache/cache_store.hpp"
#include "libagent/cache/lru_policy.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>
#define LIBAGENT_COUNTS_MALLOC
#endif

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

cache_store make_small_store(std::uint64_t capacity_bytes) {
  return {{.capacity_bytes = capacity_bytes},
          [](const entry_index&) { return std::make_unique<lru_policy>(); }};
}

}  // namespace

TEST_CASE("the statistics of a store tell what it holds and what it did", "[cache]") {
  auto store = make_small_store(1'000);
  const auto value = std::make_shared<const std::string>("value");
  const cache_saving saving{.compute_time = 1500us, .tokens = 7, .micro_cost = 3};
  store.put("a", "key", value, {t0}, saving, t0);
  store.put("b", "key", value, {t0}, saving, t0);
  store.put("b", std::string(1'000, 'k'), value, {t0}, saving, t0);
  CHECK(store.find("a", "key", t0 + 1h).value != nullptr);
  CHECK(store.find("c", "key", t0 + 1h).value == nullptr);
  const auto stats = to_stats(store);
  CHECK(stats.policy == "lru");
  CHECK(stats.capacity_bytes == 1'000);
  CHECK(stats.charged_bytes == 2 * (8 + cache_store::entry_overhead_bytes));
  CHECK(stats.entries == 2);
  CHECK(stats.tenants == 2);
  CHECK(stats.hits == 1);
  CHECK(stats.misses == 1);
  CHECK(stats.rejections == 1);
  CHECK(stats.rejected_too_large == 1);
  CHECK(stats.saved_time == 1ms);
  CHECK(stats.saved_tokens == 7);
  CHECK(stats.hit_age_p50 == 4'194'304ms);
}

#ifdef LIBAGENT_COUNTS_MALLOC

TEST_CASE("an entry is charged about what it takes from the heap", "[cache]") {
  const auto in_use = [] {
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
  };
  constexpr std::size_t entries = 10'000;
  const auto before = in_use();
  auto store = make_small_store(1ULL << 30U);
  for (std::size_t i = 0; i < entries; ++i) {
    auto key = std::to_string(i);
    key.resize(32, 'k');
    store.put("", key, std::make_shared<const std::string>(1'000, 'v'),
              cache_times::until(t0, t0 + 1h), {}, t0);
  }
  const auto taken = static_cast<double>(in_use() - before);
  const auto charged = static_cast<double>(store.charged_bytes());
  CHECK(taken / charged == Approx(1).margin(0.05));
}

#endif
