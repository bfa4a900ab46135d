#include "libagent/cache/sieve_policy.hpp"

#include "libagent/cache/ghost_cache.hpp"

#include "tests/support/cache_workload.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <list>

using namespace libagent;

namespace {

// The paper's algorithm 1 over one std::list, the newest in front, searched from end to end.
class plain_sieve {
public:
  explicit plain_sieve(std::size_t capacity) : capacity_{capacity} {}

  bool access(std::uint64_t key) {
    const auto found = std::ranges::find(queue_, key, &object::key);
    if (found != queue_.end()) {
      found->visited = true;
      return true;
    }
    if (queue_.size() == capacity_)
      evict();
    queue_.push_front({key, false});
    return false;
  }

private:
  struct object {
    std::uint64_t key = 0;
    bool visited = false;
  };

  void evict() {
    auto victim = hand_ == queue_.end() ? std::prev(queue_.end()) : hand_;
    while (victim->visited) {
      victim->visited = false;
      victim = victim == queue_.begin() ? std::prev(queue_.end()) : std::prev(victim);
    }
    hand_ = victim == queue_.begin() ? queue_.end() : std::prev(victim);
    queue_.erase(victim);
  }

  std::size_t capacity_;
  std::list<object> queue_;
  std::list<object>::iterator hand_ = queue_.end();
};

}  // namespace

TEST_CASE("sieve spares a used entry once and leaves it where it is", "[cache]") {
  sieve_policy sieve;
  for (cache_slot slot = 0; slot < 4; ++slot)
    sieve.on_insert(slot);
  sieve.on_hit(0);
  sieve.on_hit(2);
  CHECK(sieve.evict() == 1U);  // passed 0
  CHECK(sieve.evict() == 3U);  // passed 2, not 0 again
  CHECK(sieve.evict() == 0U);  // from the old end
  CHECK(sieve.evict() == 2U);
  CHECK_FALSE(sieve.evict().has_value());
}

TEST_CASE("sieve's hand moves on when its entry is removed", "[cache]") {
  sieve_policy sieve;
  for (cache_slot slot = 0; slot < 4; ++slot)
    sieve.on_insert(slot);
  CHECK(sieve.evict() == 0U);  // the hand is at 1
  sieve.on_remove(1);
  sieve.on_insert(0);
  CHECK(sieve.evict() == 2U);
}

TEST_CASE("sieve equals the paper's algorithm on mixed requests", "[cache]") {
  const auto capacity = GENERATE(1U, 10U, 100U);
  CAPTURE(capacity);
  basic_ghost_cache<sieve_policy> cache{
      capacity, [](const entry_index&) { return std::make_unique<sieve_policy>(); }};
  plain_sieve model{capacity};
  CHECK(testing::disagreements(cache, model, testing::mixed_requests(1, 8'000)) == 0);
}
