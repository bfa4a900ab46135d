#include "libagent/cache/lru_k_policy.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"
#include "libagent/cache/ghost_cache.hpp"
#include "libagent/cache/lru_policy.hpp"

#include "tests/support/cache_workload.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

using namespace libagent;
using libagent::testing::hash_of;

namespace {

using lru_k_cache = basic_ghost_cache<lru_k_policy>;

constexpr lru_k_options as_in_the_paper{.correlated_share = 0, .history_share = 1e9};

lru_k_cache lru_k_of(std::uint64_t capacity_bytes, const lru_k_options& options) {
  return lru_k_cache{capacity_bytes, [options](const entry_index& entries) {
                       return std::make_unique<lru_k_policy>(entries, options);
                     }};
}

// The paper's figure 2.1, with a search for the victim through all pages; when all of them are in
// their correlated reference period, where the paper leaves it open, the least recently used.
class plain_lru_k {
public:
  plain_lru_k(std::size_t k, std::size_t capacity, double correlated_share)
      : k_{k}, capacity_{capacity}, correlated_share_{correlated_share} {}

  bool access(std::uint64_t p) {
    ++t_;
    const auto hit = std::ranges::count(buffer_, p) > 0;
    auto& page = pages_.try_emplace(p, history{std::vector<std::uint64_t>(k_), 0}).first->second;
    if (!hit) {
      if (buffer_.size() == capacity_)
        std::erase(buffer_, victim());
      buffer_.push_back(p);
      shift(page, 0);
    } else if (t_ - page.last > period()) {
      shift(page, page.last - page.hist.front());
    }
    page.last = t_;
    return hit;
  }

private:
  struct history {
    std::vector<std::uint64_t> hist;
    std::uint64_t last = 0;
  };

  void shift(history& page, std::uint64_t correlated) const {
    for (std::size_t i = k_ - 1; i > 0; --i)
      page.hist[i] = page.hist[i - 1] == 0 ? 0 : page.hist[i - 1] + correlated;
    page.hist.front() = t_;
  }

  [[nodiscard]] std::uint64_t period() const {
    return static_cast<std::uint64_t>(static_cast<double>(buffer_.size()) * correlated_share_);
  }

  [[nodiscard]] std::uint64_t victim() const {
    const auto order = [this](std::uint64_t p) {
      const auto& page = pages_.at(p);
      return t_ - page.last > period() ? std::tuple{0, page.hist.back(), page.hist.front()}
                                       : std::tuple{1, page.last, page.last};
    };
    return *std::ranges::min_element(buffer_, {}, order);
  }

  std::size_t k_;
  std::size_t capacity_;
  double correlated_share_;
  std::uint64_t t_ = 0;
  std::vector<std::uint64_t> buffer_;
  std::map<std::uint64_t, history> pages_;
};

// The share of hits among `measured` requests after `warm_up` others.
template <class Cache, class Draw>
double hit_ratio(Cache& cache, int warm_up, int measured, Draw draw) {
  int hits = 0;
  for (int i = 0; i < warm_up + measured; ++i) {
    const auto hit = cache.access({hash_of(draw()), 1, 1});
    hits += hit && i >= warm_up ? 1 : 0;
  }
  return static_cast<double>(hits) / measured;
}

// References alternate between a pool of 100 pages and one of 10,000.
auto two_pools(std::uint64_t seed) {
  return [draw = seeded_random{seed}, i = std::uint64_t{0}]() mutable {
    return i++ % 2 == 0 ? draw() % 100 : 100 + draw() % 10'000;
  };
}

// 80 % of the references go to 20 % of 1,000 pages, at every scale.
auto zipf_80_20(std::uint64_t seed) {
  return [draw = seeded_random{seed}]() mutable {
    const auto page = 1'000 * std::pow(draw.unit(), std::log(0.2) / std::log(0.8));
    return static_cast<std::uint64_t>(page);
  };
}

struct paper_row {
  std::uint64_t buffer;
  double lru_1;
  double lru_2;
};

}  // namespace

TEST_CASE("lru-k evicts who was referenced twice the longest ago", "[cache]") {
  auto cache = lru_k_of(3, as_in_the_paper);
  for (const auto key : {1U, 1U, 2U, 3U, 3U, 2U})  // second last references at 1, 3 and 4
    cache.access({hash_of(key), 1, 1});
  cache.access({hash_of(4), 1, 1});
  CHECK_FALSE(cache.contains(hash_of(1)));
  cache.access({hash_of(5), 1, 1});
  CHECK_FALSE(cache.contains(hash_of(4)));  // referenced once only
  cache.access({hash_of(1), 1, 1});         // its history is remembered: at 1
  cache.access({hash_of(6), 1, 1});
  CHECK_FALSE(cache.contains(hash_of(1)));
  CHECK(cache.contains(hash_of(2)));
}

TEST_CASE("lru-k counts a burst of references as one", "[cache]") {
  auto cache = lru_k_of(4, {.correlated_share = 0.5});
  // Two at a distance, and a burst on 3.
  for (const auto key : {1U, 2U, 4U, 1U, 2U, 3U, 3U, 3U, 4U, 1U, 2U, 4U})
    cache.access({hash_of(key), 1, 1});
  cache.access({hash_of(5), 1, 1});
  CHECK_FALSE(cache.contains(hash_of(3)));
}

TEST_CASE("lru-k refuses parameters out of range", "[cache]") {
  const entry_index index;
  CHECK_THROWS_AS(lru_k_policy(index, {.k = 1}), contract_violation);
  CHECK_THROWS_AS(lru_k_policy(index, {.k = 65}), contract_violation);
  CHECK_THROWS_AS(lru_k_policy(index, {.correlated_share = -0.1}), contract_violation);
  CHECK_THROWS_AS(lru_k_policy(index, {.history_share = -1}), contract_violation);
}

TEST_CASE("lru-k equals the paper's algorithm on mixed requests", "[cache]") {
  const auto k = GENERATE(2U, 3U, 5U);
  const auto capacity = GENERATE(1U, 10U, 60U);
  const auto share = GENERATE(0.0, 0.25, 1.0);
  CAPTURE(k, capacity, share);
  auto cache = lru_k_of(capacity, {.k = k, .correlated_share = share, .history_share = 1e9});
  plain_lru_k model{k, capacity, share};
  CHECK(testing::disagreements(cache, model, testing::mixed_requests(4, 2'500)) == 0);
}

TEST_CASE("lru-k decides the same after its time stamps ran out", "[cache]") {
  auto endless = lru_k_of(50, {.k = 3});
  auto short_lived = lru_k_of(50, {.k = 3, .stamp_max = 4'000});
  std::size_t different = 0;
  for (const auto key : testing::mixed_requests(5, 20'000)) {
    const cache_entry_facts facts{hash_of(key), 1, 1};
    different += endless.access(facts) != short_lived.access(facts) ? 1U : 0U;
  }
  CHECK(different <= 20);  // stamps older than half the range are no longer told apart
}

TEST_CASE("lru-k's memory does not grow with entries that leave by themselves", "[cache]") {
  auto cache = lru_k_of(1'000, {.correlated_share = 0});
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    cache.access({hash_of(i), 1, 1});
    if (i >= 100)
      cache.erase(hash_of(i - 100));
    bytes = std::max(bytes, cache.memory_bytes());
  }
  CHECK(bytes <= 16'384);
}

// Tables 4.1 and 4.2 of O'Neil, O'Neil, Weikum (SIGMOD 1993), with more references than there:
// the numbers are what the algorithm converges to.

TEST_CASE("lru-1 and lru-2 reproduce the paper's two-pool experiment", "[cache]") {
  const auto row = GENERATE(values<paper_row>({{60, 0.139, 0.286},
                                               {80, 0.181, 0.378},
                                               {100, 0.220, 0.456},
                                               {140, 0.288, 0.501},
                                               {200, 0.368, 0.505},
                                               {450, 0.504, 0.518}}));
  CAPTURE(row.buffer);
  basic_ghost_cache<lru_policy> lru_1{
      row.buffer, [](const entry_index&) { return std::make_unique<lru_policy>(); }};
  auto lru_2 = lru_k_of(row.buffer, as_in_the_paper);
  CHECK(hit_ratio(lru_1, 20'000, 100'000, two_pools(1)) == Approx(row.lru_1).margin(0.006));
  CHECK(hit_ratio(lru_2, 20'000, 100'000, two_pools(1)) == Approx(row.lru_2).margin(0.006));
}

TEST_CASE("lru-3 comes nearer to the best fixed choice than lru-2", "[cache]") {
  auto lru_3 = lru_k_of(100, {.k = 3, .correlated_share = 0, .history_share = 1e9});
  CHECK(hit_ratio(lru_3, 20'000, 100'000, two_pools(2)) == Approx(0.488).margin(0.01));
}

TEST_CASE("lru-1 and lru-2 reproduce the paper's zipfian experiment", "[cache]") {
  const auto row = GENERATE(values<paper_row>({{40, 0.537, 0.599},
                                               {60, 0.578, 0.636},
                                               {100, 0.637, 0.684},
                                               {140, 0.678, 0.719},
                                               {200, 0.725, 0.760},
                                               {300, 0.784, 0.810},
                                               {500, 0.869, 0.882}}));
  CAPTURE(row.buffer);
  basic_ghost_cache<lru_policy> lru_1{
      row.buffer, [](const entry_index&) { return std::make_unique<lru_policy>(); }};
  auto lru_2 = lru_k_of(row.buffer, as_in_the_paper);
  CHECK(hit_ratio(lru_1, 10'000, 50'000, zipf_80_20(3)) == Approx(row.lru_1).margin(0.01));
  CHECK(hit_ratio(lru_2, 10'000, 50'000, zipf_80_20(3)) == Approx(row.lru_2).margin(0.01));
}
