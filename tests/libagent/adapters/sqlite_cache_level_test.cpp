#include "libagent/adapters/sqlite_cache_level.hpp"

#include "libagent/base/random.hpp"

#include "tests/support/cache_level_file.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

TEST_CASE("what was put is got back with its times and what it saves", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  const cache_level_entry entry{.value = "an answer",
                                .times = {.stored_at = level_start.steady - 1s,
                                          .fresh_until = level_start.steady + 10s,
                                          .stale_until = level_start.steady + 20s,
                                          .error_until = level_start.steady + 30s},
                                .saving = {1'500ms, 321, 45}};
  REQUIRE(level->put("tenant", "key", entry, level_start).value() == cache_level_outcome::stored);
  const auto found = level->get("tenant", "key", after_start(5s)).value();
  REQUIRE(found);
  CHECK(found->value == entry.value);
  CHECK(found->times == entry.times);
  CHECK(found->saving == entry.saving);
  CHECK(get_value(*level, "other") == "(none)");
  CHECK(level->stats().hits == 1);
  CHECK(level->stats().misses == 1);
  CHECK(level->stats().stores == 1);
  CHECK(level->stats().entries == 1);
}

TEST_CASE("entries survive a restart with another monotonic clock", "[cache_level]") {
  const cache_file file;
  CHECK(put_value(*file.open(), "key", "value"));
  auto level = file.open();
  CHECK(level->stats().entries == 1);
  const clock_reading now{.steady = time_point{3s}, .wall = level_start.wall + 60'000};
  const auto found = level->get("", "key", now).value();
  REQUIRE(found);
  CHECK(found->times.stored_at == now.steady - 1min);
  CHECK(found->times.fresh_until == now.steady + 59min);
}

TEST_CASE("an answer that was put is there after the process was killed", "[cache_level]") {
  const cache_file file;
  const cache_file after;
  auto level = file.open();
  for (int i = 0; i < 50; ++i)
    REQUIRE(put_value(*level, std::to_string(i), std::string(3'000, 'v')));
  // What a killed process leaves: the files as they are, without being closed.
  std::filesystem::create_directories(after.path().parent_path());
  for (const auto* ending : {"", "-wal"})
    std::filesystem::copy_file(file.path().string() + ending, after.path().string() + ending);
  auto survivor = after.open();
  CHECK(survivor->stats().entries == 50);
  CHECK(get_value(*survivor, "49") == std::string(3'000, 'v'));
}

TEST_CASE("keys, tenants and values are any bytes", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  const std::string odd{"\0\xFF'\"\n", 5};
  for (const auto& [tenant, key] :
       {std::pair{odd, odd}, std::pair{std::string{}, odd + "x"}, std::pair{odd, std::string{}}}) {
    REQUIRE(level->put(tenant, key, entry_of(key + odd), level_start));
    CHECK(level->get(tenant, key, level_start).value()->value == key + odd);
  }
  REQUIRE(level->put("", "", entry_of(""), level_start));
  CHECK(level->get("", "", level_start).value()->value.empty());
  CHECK(level->stats().entries == 4);
}

TEST_CASE("tenants do not see each other's entries", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  REQUIRE(level->put("ab", "c", entry_of("1"), level_start));
  CHECK_FALSE(level->get("a", "bc", level_start).value());
  CHECK_FALSE(level->get("", "abc", level_start).value());
  CHECK_FALSE(level->get("", "c", level_start).value());
  CHECK_FALSE(level->erase("a", "c").value());
  CHECK(level->get("ab", "c", level_start).value()->value == "1");
}

TEST_CASE("a newer value replaces the older one", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  CHECK(put_value(*level, "key", "old"));
  CHECK(put_value(*level, "key", "new"));
  CHECK(get_value(*level, "key") == "new");
  CHECK(level->stats().entries == 1);
}

TEST_CASE("erase drops one entry and clear all", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  for (const auto* key : {"a", "b", "c"})
    CHECK(put_value(*level, key, key));
  CHECK(level->erase("", "a").value());
  CHECK_FALSE(level->erase("", "a").value());
  CHECK(get_value(*level, "a") == "(none)");
  CHECK(get_value(*level, "b") == "b");
  REQUIRE(level->clear());
  CHECK(get_value(*level, "b") == "(none)");
  CHECK(level->stats().entries == 0);
  CHECK(put_value(*level, "b", "again"));
  level.reset();
  CHECK(get_value(*file.open(), "b") == "again");
}

TEST_CASE("an entry past its time is a miss and is dropped", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  REQUIRE(level->put("", "key", entry_of("value", 10s), level_start));
  CHECK(get_value(*level, "key", after_start(10s - 1ms)) == "value");
  CHECK(get_value(*level, "key", after_start(10s)) == "(none)");
  CHECK(level->stats().expirations == 1);
  CHECK(level->stats().entries == 0);
  CHECK(get_value(*level, "key") == "(none)");
  CHECK(level->put("", "key", entry_of("value", 10s), after_start(10s)).value() ==
        cache_level_outcome::gone);
}

TEST_CASE("a wall clock set far back does not keep entries alive", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  CHECK(put_value(*level, "key", "value"));
  CHECK(get_value(*level, "key",
                  {.steady = level_start.steady, .wall = level_start.wall - 3'600'000}) ==
        "(none)");
  CHECK(level->stats().expirations == 1);
}

TEST_CASE("entries past their time are purged in slices and their space is given back",
          "[cache_level]") {
  const cache_file file;
  auto level = file.open(4U << 20U);
  const std::string value(8'000, 'v');
  for (int i = 0; i < 300; ++i) {
    const auto ttl = i < 200 ? 10s : 20s;
    REQUIRE(level->put("", std::to_string(i), entry_of(value, ttl), level_start));
  }
  const auto full = level->stats().used_bytes;
  CHECK(level->maintain(after_start(10s)).value());
  CHECK(level->stats().expirations == 64);
  maintain_all(*level, after_start(10s));
  CHECK(level->stats().entries == 100);
  CHECK(level->stats().expirations == 200);
  CHECK(level->stats().used_bytes < full / 2);
  CHECK(get_value(*level, "250", after_start(10s)) == value);
  CHECK(bytes_in(file.path()) < full * 2 / 3);
}

TEST_CASE("the file never grows past its limit", "[cache_level]") {
  const cache_file file;
  const std::uint64_t bytes_max = 512U << 10U;
  auto level = file.open(bytes_max);
  seeded_random random{7};
  for (int i = 0; i < 400; ++i) {
    const auto size = static_cast<std::size_t>(random() % (i % 10 == 0 ? 60'000 : 3'000));
    REQUIRE(put_value(*level, std::to_string(random() % 300), std::string(size, 'x')));
    REQUIRE(bytes_in(file.path()) <= bytes_max);
    REQUIRE(level->stats().used_bytes <= bytes_max);
  }
  CHECK(level->stats().evictions > 50);
  CHECK(level->stats().used_bytes > bytes_max / 2);
  const auto counted = level->stats().entries;
  level.reset();
  CHECK(bytes_in(file.path()) <= bytes_max);
  CHECK(file.open(bytes_max)->stats().entries == counted);
}

TEST_CASE("the least recently used entries make room", "[cache_level]") {
  const cache_file file;
  auto level = file.open(256U << 10U);
  const std::string value(10'000, 'v');
  const auto put_range = [&](int first, int last) {
    for (int i = first; i < last; ++i)
      REQUIRE(put_value(*level, std::to_string(i), value));
  };
  put_range(0, 12);
  CHECK(get_value(*level, "0") == value);
  SECTION("at once") {}
  SECTION("also after a restart, which keeps the order") {
    level.reset();
    level = file.open(256U << 10U);
  }
  for (int i = 12; level->stats().evictions < 8; ++i)
    REQUIRE(put_value(*level, std::to_string(i), value));
  CHECK(get_value(*level, "0") == value);
  CHECK(get_value(*level, "1") == "(none)");
  CHECK(get_value(*level, "2") == "(none)");
  CHECK(get_value(*level, "12") == value);
}

TEST_CASE("an entry larger than an entry may be is refused, and the older one goes",
          "[cache_level]") {
  const cache_file file;
  auto level = file.open(256U << 10U);
  CHECK(put_value(*level, "key", "small"));
  CHECK(put_value(*level, "other", std::string((32U << 10U) - 5, 'x')));
  CHECK(level->put("", "key", entry_of(std::string(32U << 10U, 'x')), level_start).value() ==
        cache_level_outcome::too_large);
  CHECK(get_value(*level, "key") == "(none)");
  CHECK(level->stats().refusals == 1);
}

TEST_CASE("a file opened with a lower limit shrinks to it in slices", "[cache_level]") {
  const cache_file file;
  auto level = file.open(2U << 20U);
  for (int i = 0; i < 200; ++i)
    REQUIRE(put_value(*level, std::to_string(i), std::string(7'000, 'v')));
  level = nullptr;
  level = file.open(512U << 10U);
  CHECK(level->stats().used_bytes > 1U << 20U);
  CHECK(level->maintain(level_start).value());
  maintain_all(*level);
  CHECK(level->stats().used_bytes <= 512U << 10U);
  CHECK(level->stats().entries > 20);
  CHECK(get_value(*level, "199").size() == 7'000);
  CHECK(get_value(*level, "0") == "(none)");
  level.reset();
  CHECK(bytes_in(file.path()) <= 512U << 10U);
}

TEST_CASE("a limit too low for a file is refused", "[cache_level]") {
  const cache_file file;
  CHECK(file.try_open(256U << 10U));
  const auto opened = file.try_open((256U << 10U) - 1);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::invalid_argument);
}

TEST_CASE("random use agrees with a plain map while nothing is evicted", "[cache_level]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{4}));
  CAPTURE(seed);
  const cache_file file;
  auto level = file.open(8U << 20U);
  std::map<std::string, std::string> model;
  seeded_random random{seed};
  for (int i = 0; i < 400; ++i) {
    const auto key = std::to_string(random() % 40);
    switch (random() % 8) {
      case 0: CHECK(level->erase("", key).value() == (model.erase(key) == 1)); break;
      case 1:
      case 2:
        model[key] = std::string(static_cast<std::size_t>(random() % 9'000), 'v') + key;
        REQUIRE(put_value(*level, key, model[key]));
        break;
      case 3:
        REQUIRE(level->maintain(level_start));
        if (random() % 8 == 0) {
          level.reset();
          level = file.open(8U << 20U);
        }
        break;
      default: REQUIRE(get_value(*level, key) == (model.contains(key) ? model[key] : "(none)"));
    }
    REQUIRE(level->stats().entries == model.size());
  }
}
