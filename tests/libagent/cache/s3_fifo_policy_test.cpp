#include "libagent/cache/s3_fifo_policy.hpp"

#include "libagent/cache/ghost_cache.hpp"

#include "tests/support/cache_workload.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>

using namespace libagent;

namespace {

using s3_cache = basic_ghost_cache<s3_fifo_policy>;

s3_cache s3_of(std::uint64_t capacity_bytes) {
  return s3_cache{capacity_bytes,
                  [](const entry_index& i) { return std::make_unique<s3_fifo_policy>(i); }};
}

bool use(s3_cache& cache, std::uint64_t key) {
  return cache.access({.key_hash = testing::hash_of(key), .charge_bytes = 1});
}

// Three queues as the paper draws them, searched from end to end.
class plain_s3_fifo {
public:
  explicit plain_s3_fifo(std::size_t capacity)
      : capacity_{capacity}, small_max_{capacity / 10}, ghosts_max_{capacity - capacity / 10} {}

  bool access(std::uint64_t key) {
    for (auto* queue : {&small_, &main_}) {
      const auto found = std::ranges::find(*queue, key, &object::key);
      if (found != queue->end()) {
        found->uses = std::min(found->uses + 1, 3);
        return true;
      }
    }
    const auto was_ghost = std::erase(ghosts_, key) > 0;
    while (small_.size() + main_.size() >= capacity_)
      evict();
    (was_ghost ? main_ : small_).push_back({key, 0});
    return false;
  }

private:
  struct object {
    std::uint64_t key = 0;
    int uses = 0;
  };

  void evict() {
    const auto total = small_.size() + main_.size();
    if (small_.size() >= small_max_)
      evict_small();
    if (small_.size() + main_.size() == total)
      evict_main();
  }

  void evict_small() {
    while (!small_.empty()) {
      const auto oldest = small_.front();
      small_.pop_front();
      if (oldest.uses < 2) {
        ghosts_.push_back(oldest.key);
        if (ghosts_.size() > ghosts_max_)
          ghosts_.pop_front();
        return;
      }
      main_.push_back({oldest.key, 0});
    }
  }

  void evict_main() {
    for (;;) {
      const auto oldest = main_.front();
      main_.pop_front();
      if (oldest.uses == 0)
        return;
      main_.push_back({oldest.key, oldest.uses - 1});
    }
  }

  std::size_t capacity_;
  std::size_t small_max_;
  std::size_t ghosts_max_;
  std::deque<object> small_;
  std::deque<object> main_;
  std::deque<std::uint64_t> ghosts_;
};

}  // namespace

TEST_CASE("s3-fifo promotes who was used twice while it was new", "[cache]") {
  auto cache = s3_of(10);
  use(cache, 1);
  use(cache, 2);
  use(cache, 1);
  use(cache, 1);
  use(cache, 2);
  for (std::uint64_t key = 100; key < 120; ++key)
    use(cache, key);
  CHECK(cache.contains(testing::hash_of(1)));
  CHECK_FALSE(cache.contains(testing::hash_of(2)));
}

TEST_CASE("s3-fifo takes a ghost straight into the main queue", "[cache]") {
  auto cache = s3_of(10);
  for (std::uint64_t key = 0; key < 11; ++key)
    use(cache, key);
  REQUIRE_FALSE(use(cache, 0));  // evicted above, remembered
  for (std::uint64_t key = 100; key < 130; ++key)
    use(cache, key);
  CHECK(use(cache, 0));
}

TEST_CASE("s3-fifo refuses shares and counts out of range", "[cache]") {
  const entry_index index;
  CHECK_THROWS_AS(s3_fifo_policy(index, {.small_share = 0}), contract_violation);
  CHECK_THROWS_AS(s3_fifo_policy(index, {.small_share = 1}), contract_violation);
  CHECK_THROWS_AS(s3_fifo_policy(index, {.uses_to_promote = 4}), contract_violation);
}

TEST_CASE("s3-fifo equals a plain model on mixed requests", "[cache]") {
  const auto capacity = GENERATE(1U, 10U, 100U);
  CAPTURE(capacity);
  auto cache = s3_of(capacity);
  plain_s3_fifo model{capacity};
  CHECK(testing::disagreements(cache, model, testing::mixed_requests(2, 8'000)) == 0);
}
