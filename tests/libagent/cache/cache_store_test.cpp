#include "libagent/cache/cache_store.hpp"

#include "libagent/cache/lru_policy.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

constexpr auto overhead = cache_store::entry_overhead_bytes;

/// A store of the anonymous tenant, with less to write.
class plain_store : public cache_store {
public:
  explicit plain_store(cache_store_options options)
      : cache_store{std::move(options),
                    [](const entry_index&) { return std::make_unique<lru_policy>(); }} {}

  put_outcome keep(std::string_view key, std::string value, time_point until = time_point::max(),
                   const cache_saving& saving = {}, time_point now = t0) {
    return put("", key, std::make_shared<const std::string>(std::move(value)),
               cache_times::until(now, until), saving, now);
  }

  bool holds(std::string_view key, time_point now = t0) {
    return find("", key, now).value != nullptr;
  }
};

std::string nine(char fill = 'v') {
  return std::string(9, fill);
}

// Room for `entries` entries of a one-byte key and a nine-byte value.
cache_store_options room_for(std::uint64_t entries) {
  return {.capacity_bytes = entries * (10 + overhead)};
}

plain_store full_of_ten(cache_store_options options) {
  plain_store store{std::move(options)};
  for (char key = 'a'; key < 'k'; ++key)
    store.keep(std::string(1, key), nine());
  REQUIRE(store.entries() == 10);
  return store;
}

}  // namespace

TEST_CASE("a stored value is found until its very end", "[cache]") {
  plain_store store{room_for(3)};
  REQUIRE(store.keep("a", nine(), t0 + 10s) == put_outcome::stored);
  CHECK(*store.find("", "a", t0 + 10s - 1ns).value == nine());
  CHECK_FALSE(store.holds("a", t0 + 10s));
  CHECK(store.entries() == 0);
  CHECK(store.counters().expirations == 1);
}

TEST_CASE("the store evicts the least recently used entry when the next one needs room",
          "[cache]") {
  plain_store store{room_for(2)};
  store.keep("a", nine());
  store.keep("b", nine());
  CHECK(store.counters().evictions == 0);
  CHECK(store.holds("a"));
  store.keep("c", nine());
  CHECK(store.holds("a"));
  CHECK_FALSE(store.holds("b"));
  CHECK(store.holds("c"));
  CHECK(store.counters().evictions == 1);
}

TEST_CASE("an entry is charged its key, its value and the overhead", "[cache]") {
  plain_store store{room_for(3)};
  store.keep("key", "value");
  CHECK(store.charged_bytes() == 8 + overhead);
  store.keep("key", "longer value");
  CHECK(store.charged_bytes() == 15 + overhead);
  CHECK(store.erase("", "key"));
  CHECK(store.charged_bytes() == 0);
  CHECK_FALSE(store.erase("", "key"));
}

TEST_CASE("an entry that fills the whole capacity is admitted and one byte more is not",
          "[cache]") {
  plain_store store{room_for(1)};
  CHECK(store.keep("a", nine()) == put_outcome::stored);
  CHECK(store.keep("b", nine() + 'x') == put_outcome::too_large);
  CHECK(store.holds("a"));
  CHECK(store.counters().rejected_too_large == 1);
}

TEST_CASE("an entry above the largest allowed size is not admitted", "[cache]") {
  plain_store store{{.capacity_bytes = 10'000, .entry_bytes_max = overhead + 10}};
  CHECK(store.keep("a", nine()) == put_outcome::stored);
  CHECK(store.keep("a", nine() + 'x') == put_outcome::too_large);
}

TEST_CASE("a replacement that is not admitted leaves no older value behind", "[cache]") {
  plain_store store{room_for(1)};
  store.keep("a", nine());
  CHECK(store.keep("a", std::string(500, 'x')) == put_outcome::too_large);
  CHECK_FALSE(store.holds("a"));
}

TEST_CASE("a replacement may use the room of what it replaces", "[cache]") {
  plain_store store{room_for(2)};
  store.keep("a", nine());
  store.keep("b", nine());
  CHECK(store.keep("a", nine('w')) == put_outcome::stored);
  CHECK(store.entries() == 2);
  CHECK(*store.find("", "a", t0).value == nine('w'));
}

TEST_CASE("a replacement that grows may evict what it replaces, and is stored", "[cache]") {
  plain_store store{room_for(2)};
  store.keep("a", nine());
  store.keep("b", nine());
  CHECK(store.keep("a", nine() + nine()) == put_outcome::stored);
  CHECK(store.holds("a"));
  CHECK(store.charged_bytes() <= store.capacity_bytes());
}

TEST_CASE("refreshing an entry does not count as a use of it", "[cache]") {
  plain_store store{room_for(2)};
  store.keep("a", nine());
  store.keep("b", nine());
  store.keep("a", nine('w'));
  store.keep("c", nine());
  CHECK_FALSE(store.holds("a"));
  CHECK(store.holds("b"));
}

TEST_CASE("a value that was served outlives its entry", "[cache]") {
  plain_store store{room_for(1)};
  store.keep("a", nine());
  const auto served = store.find("", "a", t0).value;
  store.erase("", "a");
  CHECK(*served == nine());
}

TEST_CASE("keys and values may be any bytes", "[cache]") {
  plain_store store{room_for(10)};
  const std::string key{"\0k\xFF", 3};
  store.keep(key, std::string{"\0v", 2});
  store.keep("", "of the empty key");
  CHECK(*store.find("", key, t0).value == std::string{"\0v", 2});
  CHECK(*store.find("", "", t0).value == "of the empty key");
  CHECK_FALSE(store.holds(std::string{"\0k", 2}));
}

TEST_CASE("a store of capacity zero holds nothing and counts no rejections", "[cache]") {
  plain_store store{{.capacity_bytes = 0}};
  CHECK(store.keep("a", nine()) == put_outcome::off);
  CHECK_FALSE(store.holds("a"));
  CHECK(store.counters().rejections() == 0);
  CHECK(store.counters().put_while_off == 1);
  CHECK(store.counters().misses == 1);
  CHECK_FALSE(store.reserve(1));
  CHECK(store.memory_bytes() == 0);
}

TEST_CASE("shrinking happens a slice at a time", "[cache]") {
  auto options = room_for(10);
  options.evictions_per_slice = 3;
  auto store = full_of_ten(options);
  store.set_capacity(2 * (10 + overhead));
  CHECK(store.entries() == 10);
  CHECK(store.evict_slice());
  CHECK(store.entries() == 7);
  CHECK(store.evict_slice());
  CHECK_FALSE(store.evict_slice());
  CHECK(store.entries() == 2);
  CHECK(store.holds("j"));
}

TEST_CASE("a slice ends early when it has freed its share of bytes", "[cache]") {
  plain_store store{{.capacity_bytes = 1'000'000, .evicted_bytes_per_slice = 2'000}};
  for (char key = 'a'; key < 'k'; ++key)
    store.keep(std::string(1, key), std::string(1'500, 'v'));
  store.set_capacity(0);
  CHECK(store.evict_slice());
  CHECK(store.entries() == 8);
}

TEST_CASE("nothing is admitted while a shrink is behind, and puts help it along", "[cache]") {
  auto options = room_for(10);
  options.evictions_per_slice = 3;
  auto store = full_of_ten(options);
  store.set_capacity(4 * (10 + overhead));
  CHECK(store.keep("j", nine()) == put_outcome::no_room);
  CHECK(store.entries() == 6);
  CHECK(store.keep("n", nine()) == put_outcome::stored);
  CHECK(store.entries() == 4);
  CHECK(store.counters().rejected_no_room == 1);
}

TEST_CASE("an entry that needs more than a slice of room gets it over several tries", "[cache]") {
  auto options = room_for(10);
  options.evictions_per_slice = 3;
  auto store = full_of_ten(options);
  const std::string large(store.capacity_bytes() - overhead - 1, 'x');
  CHECK(store.keep("L", large) == put_outcome::no_room);
  CHECK(store.keep("L", large) == put_outcome::no_room);
  CHECK(store.keep("L", large) == put_outcome::no_room);
  CHECK(store.keep("L", large) == put_outcome::stored);
  CHECK(store.charged_bytes() == store.capacity_bytes());
}

TEST_CASE("purging drops only what is gone, a slice at a time", "[cache]") {
  auto options = room_for(10);
  options.evictions_per_slice = 2;
  plain_store store{options};
  for (char key = 'a'; key < 'd'; ++key)
    store.keep(std::string(1, key), nine(), t0 + 1s);
  store.keep("z", nine(), t0 + 2s);
  CHECK(store.purge_slice(t0 + 1s));
  CHECK(store.entries() == 2);
  CHECK_FALSE(store.purge_slice(t0 + 1s));
  CHECK(store.entries() == 1);
  CHECK(store.counters().expirations == 3);
}

TEST_CASE("reserved bytes are taken from the room for entries", "[cache]") {
  auto store = full_of_ten(room_for(10));
  REQUIRE(store.reserve(2 * (10 + overhead)));
  CHECK(store.entries() == 8);
  CHECK(store.keep("n", nine()) == put_outcome::stored);
  CHECK(store.entries() == 8);
  store.release(2 * (10 + overhead));
  store.keep("o", nine());
  CHECK(store.entries() == 9);
}

TEST_CASE("reservations are refused beyond half of the capacity", "[cache]") {
  plain_store store{{.capacity_bytes = 1'000}};
  CHECK(store.reserve(500));
  CHECK_FALSE(store.reserve(1));
  CHECK(store.reserved_bytes() == 500);
  store.release(500);
  CHECK(store.reserve(1));
}

TEST_CASE("an entry that only fits without the reservations is refused before it evicts",
          "[cache]") {
  auto store = full_of_ten(room_for(10));
  REQUIRE(store.reserve(5 * (10 + overhead)));
  CHECK(store.keep("L", std::string(6 * (10 + overhead) - overhead, 'x')) == put_outcome::no_room);
  CHECK(store.entries() == 5);
}

TEST_CASE("a store knows that a little more room would hold the loop that it misses", "[cache]") {
  auto options = room_for(1'000);
  options.advice.sample_shift = 0;
  plain_store store{options};
  auto now = t0;
  for (int i = 0; i < 10'000; ++i, now += 1ms) {
    const auto key = std::to_string(1'000 + i % 1'100);
    if (!store.holds(key, now))
      store.keep(key, nine(), time_point::max(), {}, now);
  }
  CHECK(store.counters().hits == 0);
  const auto mib_more = static_cast<double>(store.capacity_bytes()) / 4 / (1 << 20);
  CHECK(store.advice(now).gain_per_mib * mib_more > 800);
  CHECK(store.advice(now).samples > 5'000);
}
