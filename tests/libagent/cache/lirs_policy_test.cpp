#include "libagent/cache/lirs_policy.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/cache/ghost_cache.hpp"

#include "tests/support/cache_workload.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <list>

using namespace libagent;
using libagent::testing::hash_of;

namespace {

using lirs_cache = basic_ghost_cache<lirs_policy>;

lirs_cache lirs_of(std::uint64_t capacity_bytes, const lirs_options& options = {}) {
  return lirs_cache{capacity_bytes, [options](const entry_index& entries) {
                      return std::make_unique<lirs_policy>(entries, options);
                    }};
}

// The paper's stack S and queue Q as lists that are searched and pruned literally. It remembers
// every block that is still in the stack.
class plain_lirs {
public:
  explicit plain_lirs(std::size_t capacity)
      : lir_max_{capacity - std::min(capacity, std::max<std::size_t>(capacity / 100, 2))},
        capacity_{capacity} {}

  bool access(std::uint64_t key) {
    const auto in_stack = std::ranges::find(stack_, key, &block::key);
    const auto in_queue = std::ranges::find(queue_, key);
    const auto is_lir = in_stack != stack_.end() && in_stack->is_lir;
    const auto hit = is_lir || in_queue != queue_.end();
    const auto known = in_stack != stack_.end();
    if (known)
      stack_.erase(in_stack);
    if (in_queue != queue_.end())
      queue_.erase(in_queue);
    if (!hit && resident_ == capacity_)
      evict();
    resident_ += hit ? 0U : 1U;
    if (is_lir)
      stack_.push_front({key, true});
    else
      use_cold(key, known, hit);
    prune();
    return hit;
  }

private:
  struct block {
    std::uint64_t key = 0;
    bool is_lir = false;
  };

  void use_cold(std::uint64_t key, bool known, bool hit) {
    const auto has_room = !hit && lirs_ < lir_max_;
    stack_.push_front({key, (known || has_room) && lir_max_ > 0});
    if (!stack_.front().is_lir) {
      queue_.push_back(key);
    } else if (++lirs_ > lir_max_) {
      prune();
      queue_.push_back(stack_.back().key);
      stack_.pop_back();
      --lirs_;
    }
  }

  void evict() {
    --resident_;
    if (!queue_.empty()) {
      queue_.pop_front();
      return;
    }
    prune();
    stack_.pop_back();
    --lirs_;
  }

  void prune() {
    while (lirs_ > 0 && !stack_.back().is_lir)
      stack_.pop_back();
  }

  std::size_t lir_max_;
  std::size_t capacity_;
  std::size_t resident_ = 0;
  std::size_t lirs_ = 0;
  std::list<block> stack_;
  std::list<std::uint64_t> queue_;
};

double loop_hit_ratio(lirs_cache& cache, std::uint64_t keys, int rounds) {
  std::size_t hits = 0;
  for (int round = 0; round < rounds; ++round) {
    for (std::uint64_t key = 0; key < keys; ++key)
      hits += cache.access({hash_of(key), 1, 1}) ? 1U : 0U;
  }
  return static_cast<double>(hits) / static_cast<double>(keys) / rounds;
}

}  // namespace

TEST_CASE("lirs heats who comes back sooner than the coldest hot entry", "[cache]") {
  auto cache = lirs_of(5);  // three hot, two on probation
  const auto use = [&](std::uint64_t key) { return cache.access({hash_of(key), 1, 1}); };
  for (std::uint64_t key = 1; key <= 5; ++key)
    use(key);           // 1, 2 and 3 are hot
  use(6);               // evicts 4
  CHECK_FALSE(use(4));  // 4 was used after 1, so it is hot now and 1 is not
  for (std::uint64_t key = 10; key < 20; ++key)
    use(key);
  CHECK(use(4));
  CHECK(use(2));
  CHECK_FALSE(use(1));
}

TEST_CASE("lirs keeps most of a loop that is larger than the cache", "[cache]") {
  auto cache = lirs_of(100);
  CHECK(loop_hit_ratio(cache, 125, 100) > 0.75);
}

TEST_CASE("lirs is not washed out by a scan", "[cache]") {
  auto cache = lirs_of(100);
  loop_hit_ratio(cache, 90, 10);
  for (std::uint64_t key = 1'000; key < 11'000; ++key)
    cache.access({hash_of(key), 1, 1});
  CHECK(loop_hit_ratio(cache, 90, 1) > 0.95);
}

TEST_CASE("lirs holds an entry that is larger than its hot set", "[cache]") {
  auto cache = lirs_of(100);
  cache.access({hash_of(1), 10, 1});
  cache.access({hash_of(2), 100, 1});
  CHECK(cache.access({hash_of(2), 100, 1}));
}

TEST_CASE("lirs refuses shares out of range", "[cache]") {
  const entry_index index;
  CHECK_THROWS_AS(lirs_policy(index, {.probation_share = 0}), contract_violation);
  CHECK_THROWS_AS(lirs_policy(index, {.probation_share = 1}), contract_violation);
  CHECK_THROWS_AS(lirs_policy(index, {.ghosts_per_entry = -1}), contract_violation);
}

TEST_CASE("lirs equals the paper's stack and queue on mixed requests", "[cache]") {
  const auto capacity = GENERATE(1U, 10U, 100U, 300U);
  CAPTURE(capacity);
  auto cache = lirs_of(capacity, {.ghosts_per_entry = 1e6});
  plain_lirs model{capacity};
  CHECK(testing::disagreements(cache, model, testing::mixed_requests(6, 6'000)) == 0);
}

TEST_CASE("lirs decides nearly the same with few ghosts, and after its stamps ran out", "[cache]") {
  const auto options = GENERATE(lirs_options{.ghosts_min = 0}, lirs_options{.stamp_max = 4'000});
  auto endless = lirs_of(100, {.ghosts_per_entry = 1e6});
  auto bounded = lirs_of(100, options);
  std::size_t hits = 0;
  std::size_t bounded_hits = 0;
  for (const auto key : testing::mixed_requests(7, 20'000)) {
    hits += endless.access({hash_of(key), 1, 1}) ? 1U : 0U;
    bounded_hits += bounded.access({hash_of(key), 1, 1}) ? 1U : 0U;
  }
  CHECK(static_cast<double>(bounded_hits) == Approx(static_cast<double>(hits)).epsilon(0.05));
}
