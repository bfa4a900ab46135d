#include "libagent/cache/cache_store.hpp"

#include "libagent/base/random.hpp"
#include "libagent/cache/lru_policy.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <list>
#include <optional>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr auto overhead = cache_store::entry_overhead_bytes;

cache_store lru_store(cache_store_options options) {
  return {options, std::make_unique<lru_policy>()};
}

// Room for `entries` entries of a one-byte key and a nine-byte value.
cache_store store_for(std::uint64_t entries) {
  return lru_store({.capacity_bytes = entries * (10 + overhead)});
}

std::string nine(char fill = 'v') {
  return std::string(9, fill);
}

bool holds(cache_store& store, std::string_view key, time_point now = t0) {
  return store.find(key, now) != nullptr;
}

/// The naive model: a list, newest first, with the same rules written the obvious way.
class model_store {
public:
  explicit model_store(const cache_store_options& options) : options_{options} {}

  std::optional<std::string> find(const std::string& key, time_point now) {
    const auto found = position(key);
    if (found == items_.end())
      return std::nullopt;
    if (found->expires_at <= now) {
      items_.erase(found);
      return std::nullopt;
    }
    items_.splice(items_.begin(), items_, found);
    return items_.front().value;
  }

  put_outcome put(const std::string& key, const std::string& value, time_point expires_at) {
    evict_slice();
    const auto was_over = charged() > options_.capacity_bytes;
    const auto charge = key.size() + value.size() + overhead;
    if (const auto found = position(key); found != items_.end()) {
      // A replacement is charged as such: while evictions are behind, the old value goes too.
      items_.erase(found);
    }
    if (options_.capacity_bytes == 0)
      return put_outcome::off;
    if (charge > std::min(options_.capacity_bytes, options_.entry_bytes_max))
      return put_outcome::too_large;
    if (was_over)
      return put_outcome::no_room;
    items_.push_front({key, value, expires_at, charge});
    evict_slice();
    return put_outcome::stored;
  }

  bool erase(const std::string& key) {
    const auto found = position(key);
    if (found == items_.end())
      return false;
    items_.erase(found);
    return true;
  }

  void set_capacity(std::uint64_t bytes) { options_.capacity_bytes = bytes; }

  bool evict_slice() {
    for (std::uint32_t i = 0; i < options_.evictions_per_slice; ++i) {
      if (charged() > options_.capacity_bytes)
        items_.pop_back();
    }
    return charged() > options_.capacity_bytes;
  }

  void purge(time_point now) {
    items_.remove_if([now](const item& i) { return i.expires_at <= now; });
  }

  [[nodiscard]] std::uint64_t charged() const {
    std::uint64_t sum = 0;
    for (const auto& i : items_)
      sum += i.charge;
    return sum;
  }

  [[nodiscard]] std::size_t entries() const { return items_.size(); }

private:
  struct item {
    std::string key;
    std::string value;
    time_point expires_at;
    std::uint64_t charge = 0;
  };

  std::list<item>::iterator position(const std::string& key) {
    return std::ranges::find(items_, key, &item::key);
  }

  cache_store_options options_;
  std::list<item> items_;
};

/// Drives store and model with the same random operations and compares after each.
class comparison {
public:
  comparison(cache_store_options options, std::uint64_t seed)
      : random_{seed}, model_{options}, store_{lru_store(options)} {}

  void step() {
    now_ += std::chrono::milliseconds{random_() % 200};
    const auto key = "key" + std::to_string(random_() % 40);
    const auto dice = random_() % 100;
    if (dice < 45) {
      find(key);
    } else if (dice < 85) {
      put(key);
    } else if (dice < 90) {
      REQUIRE(store_.erase(key) == model_.erase(key));
    } else if (dice < 95) {
      resize();
    } else if (dice < 98) {
      REQUIRE(store_.evict_slice() == model_.evict_slice());
    } else {
      purge();
    }
    REQUIRE(store_.charged_bytes() == model_.charged());
    REQUIRE(store_.entries() == model_.entries());
  }

private:
  void find(const std::string& key) {
    const auto* found = store_.find(key, now_);
    const auto expected = model_.find(key, now_);
    REQUIRE((found != nullptr) == expected.has_value());
    if (found != nullptr)
      REQUIRE(*found == *expected);
  }

  void put(const std::string& key) {
    const std::string value(random_() % 300, static_cast<char>('a' + random_() % 26));
    const auto expires_at = random_() % 4 == 0 ? cache_store::never
                                               : now_ + std::chrono::milliseconds{random_() % 5000};
    REQUIRE(store_.put(key, value, expires_at) == model_.put(key, value, expires_at));
  }

  void resize() {
    // Off, room for about one entry, and up to about twenty.
    constexpr std::array<std::uint64_t, 5> sizes{0, 400, 1'000, 3'000, 8'000};
    const auto size = sizes.at(random_() % sizes.size());
    store_.set_capacity(size);
    model_.set_capacity(size);
  }

  void purge() {
    while (store_.purge_slice(now_)) {
    }
    model_.purge(now_);
  }

  seeded_random random_;
  model_store model_;
  cache_store store_;
  time_point now_ = t0;
};

}  // namespace

TEST_CASE("a stored value is found until its very expiry", "[cache]") {
  auto store = store_for(3);
  REQUIRE(store.put("a", nine(), t0 + 10s) == put_outcome::stored);
  CHECK(holds(store, "a", t0 + 10s - 1ns));
  CHECK_FALSE(holds(store, "a", t0 + 10s));
  CHECK(store.entries() == 0);
  CHECK(store.counters().expirations == 1);
}

TEST_CASE("the store evicts the least recently used entry when the next one needs room",
          "[cache]") {
  auto store = store_for(2);
  store.put("a", nine(), cache_store::never);
  store.put("b", nine(), cache_store::never);
  CHECK(store.counters().evictions == 0);
  CHECK(holds(store, "a"));
  store.put("c", nine(), cache_store::never);
  CHECK(holds(store, "a"));
  CHECK_FALSE(holds(store, "b"));
  CHECK(holds(store, "c"));
  CHECK(store.counters().evictions == 1);
}

TEST_CASE("an entry is charged its key, its value and the overhead", "[cache]") {
  auto store = store_for(3);
  store.put("key", "value", cache_store::never);
  CHECK(store.charged_bytes() == 8 + overhead);
  store.put("key", "longer value", cache_store::never);
  CHECK(store.charged_bytes() == 15 + overhead);
  CHECK(store.erase("key"));
  CHECK(store.charged_bytes() == 0);
  CHECK_FALSE(store.erase("key"));
}

TEST_CASE("an entry that fills the whole capacity is admitted and one byte more is not",
          "[cache]") {
  auto store = store_for(1);
  CHECK(store.put("a", nine(), cache_store::never) == put_outcome::stored);
  CHECK(store.put("b", nine() + 'x', cache_store::never) == put_outcome::too_large);
  CHECK(holds(store, "a"));
  CHECK(store.counters().rejections == 1);
}

TEST_CASE("an entry above the largest allowed size is not admitted", "[cache]") {
  auto store = lru_store({.capacity_bytes = 10'000, .entry_bytes_max = overhead + 10});
  CHECK(store.put("a", nine(), cache_store::never) == put_outcome::stored);
  CHECK(store.put("a", nine() + 'x', cache_store::never) == put_outcome::too_large);
}

TEST_CASE("a replacement that is not admitted leaves no stale value behind", "[cache]") {
  auto store = store_for(1);
  store.put("a", nine(), cache_store::never);
  CHECK(store.put("a", std::string(500, 'x'), cache_store::never) == put_outcome::too_large);
  CHECK_FALSE(holds(store, "a"));
}

TEST_CASE("a store of capacity zero holds nothing and counts no rejections", "[cache]") {
  auto store = lru_store({.capacity_bytes = 0});
  CHECK(store.put("a", nine(), cache_store::never) == put_outcome::off);
  CHECK_FALSE(holds(store, "a"));
  CHECK(store.counters().rejections == 0);
  CHECK(store.counters().misses == 1);
}

TEST_CASE("shrinking happens a slice at a time", "[cache]") {
  auto store = lru_store({.capacity_bytes = 10 * (10 + overhead), .evictions_per_slice = 3});
  for (char key = 'a'; key < 'k'; ++key)
    store.put(std::string(1, key), nine(), cache_store::never);
  REQUIRE(store.entries() == 10);
  store.set_capacity(2 * (10 + overhead));
  CHECK(store.entries() == 10);
  CHECK(store.evict_slice());
  CHECK(store.entries() == 7);
  CHECK(store.evict_slice());
  CHECK_FALSE(store.evict_slice());
  CHECK(store.entries() == 2);
  CHECK(holds(store, "j"));
}

TEST_CASE("a slice ends early when it has freed its share of bytes", "[cache]") {
  auto store = lru_store({.capacity_bytes = 1'000'000, .evicted_bytes_per_slice = 2'000});
  for (char key = 'a'; key < 'k'; ++key)
    store.put(std::string(1, key), std::string(1'500, 'v'), cache_store::never);
  store.set_capacity(0);
  CHECK(store.evict_slice());
  CHECK(store.entries() == 8);
}

TEST_CASE("nothing is admitted while a shrink is behind, and puts help it along", "[cache]") {
  auto store = lru_store({.capacity_bytes = 10 * (10 + overhead), .evictions_per_slice = 3});
  for (char key = 'a'; key < 'k'; ++key)
    store.put(std::string(1, key), nine(), cache_store::never);
  store.set_capacity(4 * (10 + overhead));
  CHECK(store.put("j", nine(), cache_store::never) == put_outcome::no_room);
  CHECK(store.entries() == 6);
  CHECK(store.put("n", nine(), cache_store::never) == put_outcome::stored);
  CHECK(store.entries() == 4);
}

TEST_CASE("purging drops only what is too old, a slice at a time", "[cache]") {
  auto store = lru_store({.capacity_bytes = 10 * (10 + overhead), .evictions_per_slice = 2});
  for (char key = 'a'; key < 'd'; ++key)
    store.put(std::string(1, key), nine(), t0 + 1s);
  store.put("z", nine(), t0 + 2s);
  CHECK(store.purge_slice(t0 + 1s));
  CHECK(store.entries() == 2);
  CHECK_FALSE(store.purge_slice(t0 + 1s));
  CHECK(store.entries() == 1);
  CHECK(store.counters().expirations == 3);
}

TEST_CASE("the store agrees with a naive model under random operations", "[cache]") {
  const auto seed = GENERATE(range(0U, 40U));
  CAPTURE(seed);
  comparison both{{.capacity_bytes = seed % 4 == 0 ? 400U : 5'000U,
                   .entry_bytes_max = 450,
                   .evictions_per_slice = 1 + seed % 5},
                  seed};
  for (int i = 0; i < 2'000; ++i) {
    CAPTURE(i);
    both.step();
  }
}
