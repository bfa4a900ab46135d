#include "libagent/cache/arc_policy.hpp"

#include "libagent/cache/ghost_cache.hpp"

#include "tests/support/cache_workload.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <list>

using namespace libagent;

namespace {

using arc_cache = basic_ghost_cache<arc_policy>;

arc_cache arc_of(std::uint64_t capacity_bytes) {
  return arc_cache{capacity_bytes,
                   [](const entry_index& i) { return std::make_unique<arc_policy>(i); }};
}

// Figure 4 of the paper, case by case; each list has its most recent member in front.
class plain_arc {
public:
  explicit plain_arc(std::size_t c) : c_{static_cast<double>(c)} {}

  bool access(std::uint64_t x) {
    if (take(t1_, x) || take(t2_, x)) {
      t2_.push_front(x);
      return true;
    }
    if (holds(b1_, x)) {
      p_ = std::min(c_, p_ + std::max(1.0, size(b2_) / size(b1_)));
      replace(false);
      take(b1_, x);
      t2_.push_front(x);
    } else if (holds(b2_, x)) {
      p_ = std::max(0.0, p_ - std::max(1.0, size(b1_) / size(b2_)));
      replace(true);
      take(b2_, x);
      t2_.push_front(x);
    } else {
      admit_stranger(x);
    }
    return false;
  }

private:
  using keys = std::list<std::uint64_t>;

  static double size(const keys& list) { return static_cast<double>(list.size()); }

  static bool holds(const keys& list, std::uint64_t x) { return std::ranges::count(list, x) > 0; }

  static bool take(keys& list, std::uint64_t x) { return std::erase(list, x) > 0; }

  void replace(bool in_b2) {
    if (size(t1_) + size(t2_) < c_)
      return;
    if (!t1_.empty() && (size(t1_) > p_ || (in_b2 && size(t1_) == p_)))
      b1_.splice(b1_.begin(), t1_, std::prev(t1_.end()));
    else if (!t2_.empty())
      b2_.splice(b2_.begin(), t2_, std::prev(t2_.end()));
    else
      b1_.splice(b1_.begin(), t1_, std::prev(t1_.end()));
  }

  void admit_stranger(std::uint64_t x) {
    if (size(t1_) + size(b1_) == c_) {
      if (size(t1_) < c_) {
        b1_.pop_back();
        replace(false);
      } else {
        t1_.pop_back();
      }
    } else {
      if (size(t1_) + size(t2_) + size(b1_) + size(b2_) == 2 * c_)
        b2_.pop_back();
      replace(false);
    }
    t1_.push_front(x);
  }

  double c_;
  double p_ = 0;
  keys t1_;
  keys t2_;
  keys b1_;
  keys b2_;
};

}  // namespace

TEST_CASE("arc learns from ghosts how much room recency deserves", "[cache]") {
  auto cache = arc_of(4);
  const auto use = [&](std::uint64_t key) {
    return cache.access({.key_hash = testing::hash_of(key), .charge_bytes = 1});
  };
  for (const auto key : {1U, 1U, 2U, 2U, 3U, 4U, 5U})  // 1 and 2 often; 5 pushed 3 out
    use(key);
  CHECK(cache.policy().target_bytes() == 0);
  use(3);  // a ghost of those seen once
  CHECK(cache.policy().target_bytes() == 1);
  CHECK(use(1));
  CHECK(use(2));
}

TEST_CASE("arc keeps what it learnt when its capacity changes", "[cache]") {
  auto cache = arc_of(4);
  for (const auto key : {1U, 1U, 2U, 2U, 3U, 4U, 5U, 3U})
    cache.access({.key_hash = testing::hash_of(key), .charge_bytes = 1});
  cache.resize(40);
  CHECK(cache.policy().target_bytes() == 10);
  cache.resize(20);
  CHECK(cache.policy().target_bytes() == 5);
}

TEST_CASE("arc equals the paper's algorithm on mixed requests", "[cache]") {
  const auto capacity = GENERATE(1U, 4U, 10U, 30U, 100U);
  const auto seed = GENERATE(3U, 4U);
  CAPTURE(capacity, seed);
  auto cache = arc_of(capacity);
  plain_arc model{capacity};
  CHECK(testing::disagreements(cache, model, testing::mixed_requests(seed, 6'000)) == 0);
}
