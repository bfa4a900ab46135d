#include "libagent/base/random.hpp"
#include "libagent/cache/cache_store.hpp"
#include "libagent/cache/policy_catalog.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <string>
#include <utility>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr auto flat_bytes = cache_store::entry_overhead_bytes;

policy_factory policy_called(const std::string& name) {
  return make_policy_factory({.name = name}).value();
}

/// What a store may hold at most: every value that was put and neither replaced, erased nor too
/// old. It never forgets one for want of room.
class endless_store {
public:
  struct item {
    std::string value;
    cache_times times;
  };

  using name = std::pair<std::string, std::string>;

  void put(const name& what, item stored) { items_[what] = std::move(stored); }

  void erase(const name& what) { items_.erase(what); }

  [[nodiscard]] const item* find(const name& what) const {
    const auto found = items_.find(what);
    return found == items_.end() ? nullptr : &found->second;
  }

private:
  std::map<name, item> items_;
};

/// Does random things to a store and checks after each what always has to hold.
class random_use {
public:
  random_use(cache_store_options options, const std::string& policy, std::uint64_t seed)
      : random_{seed}, store_{std::move(options), policy_called(policy)} {}

  void step() {
    now_ += std::chrono::milliseconds{random_() % 200};
    const endless_store::name what{"t" + std::to_string(random_() % 4),
                                   "key" + std::to_string(random_() % 40)};
    const auto dice = random_() % 100;
    if (dice < 40) {
      find(what);
    } else if (dice < 80) {
      put(what);
    } else if (dice < 86) {
      erase(what);
    } else if (dice < 90) {
      resize();
    } else if (dice < 94) {
      reserve();
    } else if (dice < 97) {
      is_shrinking_ = store_.evict_slice();
    } else {
      store_.purge_slice(now_);
    }
    check_bounds();
  }

  /// Whether all that the store is charged can be found in it.
  void check_contents() {
    std::uint64_t charged = 0;
    for (int tenant = 0; tenant < 4; ++tenant) {
      for (int key = 0; key < 40; ++key) {
        const endless_store::name what{"t" + std::to_string(tenant), "key" + std::to_string(key)};
        if (const auto* value = find(what))
          charged += what.second.size() + value->size() + flat_bytes;
      }
    }
    while (store_.purge_slice(now_)) {
    }
    // Entries that are good after a failure only are not found, and charged all the same.
    REQUIRE(charged <= store_.charged_bytes());
    now_ += 1h;
    while (store_.purge_slice(now_)) {
    }
    REQUIRE(store_.charged_bytes() == 0);
    REQUIRE(store_.entries() == 0);
    REQUIRE(store_.tenants() == 0);
  }

private:
  const std::string* find(const endless_store::name& what) {
    const auto found = store_.find(what.first, what.second, now_);
    if (!found.value)
      return nullptr;
    const auto* known = endless_.find(what);
    REQUIRE(known != nullptr);
    REQUIRE(*found.value == known->value);
    REQUIRE(found.age == now_ - known->times.stored_at);
    const auto freshness = known->times.freshness(now_);
    const bool is_early = found.freshness == cache_freshness::due;
    REQUIRE((found.freshness == freshness || (is_early && freshness == cache_freshness::fresh)));
    return &known->value;
  }

  void put(const endless_store::name& what) {
    const std::string value(random_() % 600, static_cast<char>('a' + random_() % 26));
    const auto span = [&] { return std::chrono::milliseconds{random_() % 3'000}; };
    cache_times times{now_, now_ + span()};
    times.stale_until = times.fresh_until + span();
    times.error_until = times.stale_until + span();
    const auto outcome =
        store_.put(what.first, what.second, std::make_shared<const std::string>(value), times,
                   {.compute_time = span(), .tokens = random_() % 100}, now_);
    if (outcome == put_outcome::stored) {
      endless_.put(what, {value, times});
    } else {
      endless_.erase(what);
    }
    is_shrinking_ = is_shrinking_ && store_.is_over_capacity();
  }

  void erase(const endless_store::name& what) {
    const bool was_there = store_.erase(what.first, what.second);
    REQUIRE((!was_there || endless_.find(what) != nullptr));
    endless_.erase(what);
  }

  void resize() {
    // Off, room for about one entry, and up to about fifty.
    constexpr std::array<std::uint64_t, 5> sizes{0, 700, 3'000, 9'000, 25'000};
    const auto size = sizes.at(random_() % sizes.size());
    is_shrinking_ = is_shrinking_ || size < store_.capacity_bytes();
    store_.set_capacity(size);
  }

  void reserve() {
    if (store_.reserved_bytes() > 0 && random_() % 2 == 0) {
      store_.release(store_.reserved_bytes());
    } else {
      (void)store_.reserve(random_() % 2'000);
    }
  }

  void check_bounds() {
    std::uint64_t charged = 0;
    for (int tenant = 0; tenant < 4; ++tenant)
      charged += store_.charged_bytes("t" + std::to_string(tenant));
    REQUIRE(charged == store_.charged_bytes());
    const auto used = store_.charged_bytes() + store_.reserved_bytes();
    REQUIRE((is_shrinking_ || store_.charged_bytes() == 0 || used <= store_.capacity_bytes()));
  }

  seeded_random random_;
  endless_store endless_;
  cache_store store_;
  time_point now_ = t0;
  bool is_shrinking_ = false;
};

/// LRU as a list of equal entries, newest first.
class listed_store {
public:
  explicit listed_store(std::size_t entries_max) : entries_max_{entries_max} {}

  bool find(const std::string& key) {
    const auto found = std::ranges::find(keys_, key);
    if (found == keys_.end())
      return false;
    keys_.splice(keys_.begin(), keys_, found);
    return true;
  }

  // A value that is replaced keeps its place: that is no use.
  void put(const std::string& key) {
    if (std::ranges::find(keys_, key) != keys_.end())
      return;
    keys_.push_front(key);
    if (keys_.size() > entries_max_)
      keys_.pop_back();
  }

  void erase(const std::string& key) { keys_.remove(key); }

private:
  std::size_t entries_max_;
  std::list<std::string> keys_;
};

}  // namespace

TEST_CASE("whatever is done to a store, it holds its bounds and tells no lies", "[cache]") {
  const auto seed = GENERATE(range(0U, 24U));
  constexpr std::array<const char*, 8> policies{"lru",  "s3-fifo", "arc",       "lirs",
                                                "gdsf", "lru-k",   "w-tinylfu", "adaptive"};
  const auto* const policy = policies.at(seed % policies.size());
  CAPTURE(seed, policy);
  random_use use{
      {.capacity_bytes = seed % 5 == 0 ? 700U : 12'000U,
       .entry_bytes_max = 800,
       .evictions_per_slice = 1 + seed % 5,
       .tenants = {.tenants_max = 3 + seed % 2,
                   .quotas = {{"t1", {.bytes_min = 2'000}}, {"t2", {.bytes_max = 3'000}}}},
       .seed = seed},
      policy,
      seed};
  for (int i = 0; i < 1'500; ++i) {
    CAPTURE(i);
    use.step();
  }
  use.check_contents();
}

TEST_CASE("a single tenant has all of the store, whatever others are allowed", "[cache]") {
  const auto seed = GENERATE(range(0U, 10U));
  CAPTURE(seed);
  seeded_random random{seed};
  constexpr std::size_t entries_max = 20;
  constexpr auto even_bytes = 10 + flat_bytes;
  cache_store store{{.capacity_bytes = entries_max * even_bytes,
                     .tenants = {.share_max = 0.1, .quotas = {{"other", {.bytes_min = 5'000}}}}},
                    policy_called("lru")};
  listed_store model{entries_max};
  for (int i = 0; i < 2'000; ++i) {
    const auto key = "k" + std::to_string(100 + random() % 50);
    const auto dice = random() % 10;
    if (dice < 5) {
      REQUIRE((store.find("only", key, t0).value != nullptr) == model.find(key));
    } else if (dice < 9) {
      const auto value = std::make_shared<const std::string>(6, static_cast<char>('a' + dice));
      REQUIRE(store.put("only", key, value, {t0}, {}, t0) == put_outcome::stored);
      model.put(key);
    } else {
      store.erase("only", key);
      model.erase(key);
    }
  }
}
