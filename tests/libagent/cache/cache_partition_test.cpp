#include "libagent/cache/cache_partition.hpp"

#include "libagent/cache/lru_policy.hpp"

#include "tests/support/virtual_time.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

using namespace libagent;
using libagent::testing::t0;
using namespace std::chrono_literals;

namespace {

/// Writes down which capacities it was told.
class capacity_listener final : public eviction_policy {
public:
  explicit capacity_listener(std::vector<std::uint64_t>& told) : told_{told} {}

  [[nodiscard]] std::string_view name() const override { return "listener"; }

  void on_hit(cache_slot /*slot*/) override {}

  void on_insert(cache_slot /*slot*/) override {}

  void on_update(cache_slot /*slot*/, const cache_entry_facts& /*old_facts*/) override {}

  void on_remove(cache_slot /*slot*/) override {}

  [[nodiscard]] std::optional<cache_slot> evict() override { return std::nullopt; }

  void on_resize(std::uint64_t capacity_bytes) override { told_.push_back(capacity_bytes); }

  [[nodiscard]] std::size_t memory_bytes() const override { return 0; }

private:
  std::vector<std::uint64_t>& told_;
};

std::unique_ptr<eviction_policy> make_partition_lru(const entry_index& /*entries*/) {
  return std::make_unique<lru_policy>();
}

cache_record record_of(std::string key, std::string value, time_point until = time_point::max()) {
  return {std::move(key),
          std::make_shared<const std::string>(std::move(value)),
          cache_times::until(t0, until),
          {}};
}

}  // namespace

TEST_CASE("a key is found only when it is the same, not when it only has the same hash",
          "[cache]") {
  cache_partition entries{make_partition_lru, 1'000};
  entries.insert({77, 10}, record_of("one", "1"), t0);
  CHECK(entries.find(77, "one") != no_slot);
  CHECK(entries.find(77, "other") == no_slot);
  CHECK(entries.find(77) != no_slot);
  CHECK(entries.find(78, "one") == no_slot);
}

TEST_CASE("a partition charges what it holds, whichever way entries leave", "[cache]") {
  cache_partition entries{make_partition_lru, 1'000};
  for (std::uint64_t i = 0; i < 4; ++i)
    entries.insert({i, 10 + static_cast<std::uint32_t>(i)}, record_of("k", "v", t0 + 1s), t0);
  CHECK(entries.charged_bytes() == 46);
  CHECK(entries.evict() == 10U);
  entries.erase(entries.find(1));
  CHECK(entries.charged_bytes() == 25);
  entries.replace(entries.find(2), {2, 30}, record_of("k", "w"), t0);
  CHECK(entries.charged_bytes() == 43);
  std::uint32_t steps = 100;
  CHECK(entries.drop_expired(t0 + 2s, steps));
  CHECK_FALSE(entries.drop_expired(t0 + 2s, steps));
  CHECK(entries.charged_bytes() == 30);
  CHECK(entries.entries() == 1);
  CHECK(*entries.record(entries.find(2)).value == "w");
}

TEST_CASE("an entry that ends beyond the reach of the wheel is dropped at its end", "[cache]") {
  cache_partition entries{make_partition_lru, 1'000};
  const auto end = t0 + 3 * timer_wheel::reach;
  entries.insert({1, 10}, record_of("k", "v", end), t0);
  for (auto now = t0; now < end; now += 24h) {
    std::uint32_t steps = 100;
    REQUIRE_FALSE(entries.drop_expired(now, steps));
  }
  std::uint32_t steps = 100;
  CHECK(entries.drop_expired(end + 10ms, steps));
}

TEST_CASE("a policy hears of changes of its capacity that matter", "[cache]") {
  std::vector<std::uint64_t> told;
  cache_partition entries{
      [&](const entry_index&) { return std::make_unique<capacity_listener>(told); }, 1'000};
  entries.suggest_capacity(900, false);
  entries.suggest_capacity(1'000, true);
  CHECK(told == std::vector<std::uint64_t>{1'000});
  entries.suggest_capacity(750, false);
  entries.suggest_capacity(751, true);
  CHECK(told == std::vector<std::uint64_t>{1'000, 750, 751});
}
