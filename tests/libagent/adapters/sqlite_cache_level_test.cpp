#include "libagent/adapters/sqlite_cache_level.hpp"

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/random.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <utility>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

constexpr clock_reading start{.steady = time_point{1'000s}, .wall = 1'700'000'000'000};

clock_reading later(std::chrono::milliseconds passed) {
  return {.steady = start.steady + passed, .wall = start.wall + passed.count()};
}

cache_level_entry entry_of(std::string value, std::chrono::milliseconds ttl = 1h) {
  return {.value = std::move(value),
          .times = cache_times::until(start.steady, start.steady + ttl),
          .saving = {.compute_time = 1'500ms, .tokens = 321, .micro_cost = 45}};
}

/// The file of a level, in a folder of its own.
struct cache_file {
  testing::temporary_folder folder;

  [[nodiscard]] std::filesystem::path path() const { return folder.path() / "cache" / "level.db"; }

  [[nodiscard]] expected<sqlite_cache_level::opening> try_open(
      std::uint64_t bytes_max = 1U << 20U) const {
    return sqlite_cache_level::open({.file = path(), .bytes_max = bytes_max});
  }

  [[nodiscard]] std::unique_ptr<sqlite_cache_level> open(std::uint64_t bytes_max = 1U
                                                                                   << 20U) const {
    auto opened = try_open(bytes_max);
    REQUIRE(opened);
    CHECK_FALSE(opened->replaced);
    return std::move(opened->level);
  }

  /// Changes the file behind the level's back. @pre no level has it open.
  void tamper(const std::string& sql) const {
    auto database = sqlite_database::open(path(), sqlite_database::access::write);
    REQUIRE(database);
    REQUIRE(database->execute(sql));
  }

  [[nodiscard]] std::filesystem::path damaged() const { return path().string() + ".damaged"; }
};

bool put(cache_level& level, const std::string& key, const std::string& value) {
  return level.put("", key, entry_of(value), start).value() == cache_level_outcome::stored;
}

std::string get(cache_level& level, const std::string& key, const clock_reading& now = start) {
  const auto found = level.get("", key, now).value();
  return found ? found->value : "(none)";
}

void maintain_all(cache_level& level, const clock_reading& now = start) {
  auto slices = 0;
  while (level.maintain(now).value())
    REQUIRE(++slices < 1'000);
}

std::uint64_t size_of(const std::filesystem::path& file) {
  return std::filesystem::file_size(file);
}

/// No file of this process may grow past so many bytes, as if the disk were full.
class file_size_limit {
public:
  explicit file_size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limited);
  }

  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;

  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("what was put is got back with its times and what it saves", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  const cache_level_entry entry{.value = "an answer",
                                .times = {.stored_at = start.steady - 1s,
                                          .fresh_until = start.steady + 10s,
                                          .stale_until = start.steady + 20s,
                                          .error_until = start.steady + 30s},
                                .saving = {1'500ms, 321, 45}};
  REQUIRE(level->put("tenant", "key", entry, start).value() == cache_level_outcome::stored);
  const auto found = level->get("tenant", "key", later(5s)).value();
  REQUIRE(found);
  CHECK(found->value == entry.value);
  CHECK(found->times == entry.times);
  CHECK(found->saving == entry.saving);
  CHECK(get(*level, "other") == "(none)");
  CHECK(level->stats().hits == 1);
  CHECK(level->stats().misses == 1);
  CHECK(level->stats().stores == 1);
  CHECK(level->stats().entries == 1);
}

TEST_CASE("entries survive a restart with another monotonic clock", "[cache_level]") {
  const cache_file file;
  CHECK(put(*file.open(), "key", "value"));
  auto level = file.open();
  CHECK(level->stats().entries == 1);
  const clock_reading now{.steady = time_point{3s}, .wall = start.wall + 60'000};
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
    REQUIRE(put(*level, std::to_string(i), std::string(3'000, 'v')));
  // What a killed process leaves: the files as they are, without being closed.
  std::filesystem::create_directories(after.path().parent_path());
  for (const auto* ending : {"", "-wal"})
    std::filesystem::copy_file(file.path().string() + ending, after.path().string() + ending);
  auto survivor = after.open();
  CHECK(survivor->stats().entries == 50);
  CHECK(get(*survivor, "49") == std::string(3'000, 'v'));
}

TEST_CASE("keys, tenants and values are any bytes", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  const std::string odd{"\0\xFF'\"\n", 5};
  for (const auto& [tenant, key] :
       {std::pair{odd, odd}, std::pair{std::string{}, odd + "x"}, std::pair{odd, std::string{}}}) {
    REQUIRE(level->put(tenant, key, entry_of(key + odd), start));
    CHECK(level->get(tenant, key, start).value()->value == key + odd);
  }
  REQUIRE(level->put("", "", entry_of(""), start));
  CHECK(level->get("", "", start).value()->value.empty());
  CHECK(level->stats().entries == 4);
}

TEST_CASE("tenants do not see each other's entries", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  REQUIRE(level->put("ab", "c", entry_of("1"), start));
  CHECK_FALSE(level->get("a", "bc", start).value());
  CHECK_FALSE(level->get("", "abc", start).value());
  CHECK_FALSE(level->get("", "c", start).value());
  CHECK_FALSE(level->erase("a", "c").value());
  CHECK(level->get("ab", "c", start).value()->value == "1");
}

TEST_CASE("a newer value replaces the older one", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  CHECK(put(*level, "key", "old"));
  CHECK(put(*level, "key", "new"));
  CHECK(get(*level, "key") == "new");
  CHECK(level->stats().entries == 1);
}

TEST_CASE("erase drops one entry and clear all", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  for (const auto* key : {"a", "b", "c"})
    CHECK(put(*level, key, key));
  CHECK(level->erase("", "a").value());
  CHECK_FALSE(level->erase("", "a").value());
  CHECK(get(*level, "a") == "(none)");
  CHECK(get(*level, "b") == "b");
  REQUIRE(level->clear());
  CHECK(get(*level, "b") == "(none)");
  CHECK(level->stats().entries == 0);
  CHECK(put(*level, "b", "again"));
  level.reset();
  CHECK(get(*file.open(), "b") == "again");
}

TEST_CASE("an entry past its time is a miss and is dropped", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  REQUIRE(level->put("", "key", entry_of("value", 10s), start));
  CHECK(get(*level, "key", later(10s - 1ms)) == "value");
  CHECK(get(*level, "key", later(10s)) == "(none)");
  CHECK(level->stats().expirations == 1);
  CHECK(level->stats().entries == 0);
  CHECK(get(*level, "key") == "(none)");
  CHECK(level->put("", "key", entry_of("value", 10s), later(10s)).value() ==
        cache_level_outcome::gone);
}

TEST_CASE("a wall clock set far back does not keep entries alive", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  CHECK(put(*level, "key", "value"));
  CHECK(get(*level, "key", {.steady = start.steady, .wall = start.wall - 3'600'000}) == "(none)");
  CHECK(level->stats().expirations == 1);
}

TEST_CASE("entries past their time are purged in slices and their space is given back",
          "[cache_level]") {
  const cache_file file;
  auto level = file.open(4U << 20U);
  const std::string value(8'000, 'v');
  for (int i = 0; i < 300; ++i) {
    const auto ttl = i < 200 ? 10s : 20s;
    REQUIRE(level->put("", std::to_string(i), entry_of(value, ttl), start));
  }
  const auto full = level->stats().used_bytes;
  CHECK(level->maintain(later(10s)).value());
  CHECK(level->stats().expirations == 64);
  maintain_all(*level, later(10s));
  CHECK(level->stats().entries == 100);
  CHECK(level->stats().expirations == 200);
  CHECK(level->stats().used_bytes < full / 2);
  CHECK(get(*level, "250", later(10s)) == value);
  CHECK(size_of(file.path()) < full * 2 / 3);
}

TEST_CASE("the file never grows past its limit", "[cache_level]") {
  const cache_file file;
  const std::uint64_t bytes_max = 512U << 10U;
  auto level = file.open(bytes_max);
  seeded_random random{7};
  for (int i = 0; i < 400; ++i) {
    const auto size = static_cast<std::size_t>(random() % (i % 10 == 0 ? 60'000 : 3'000));
    REQUIRE(put(*level, std::to_string(random() % 300), std::string(size, 'x')));
    REQUIRE(size_of(file.path()) <= bytes_max);
    REQUIRE(level->stats().used_bytes <= bytes_max);
  }
  CHECK(level->stats().evictions > 50);
  CHECK(level->stats().used_bytes > bytes_max / 2);
  const auto counted = level->stats().entries;
  level.reset();
  CHECK(size_of(file.path()) <= bytes_max);
  CHECK(file.open(bytes_max)->stats().entries == counted);
}

TEST_CASE("the least recently used entries make room", "[cache_level]") {
  const cache_file file;
  auto level = file.open(256U << 10U);
  const std::string value(10'000, 'v');
  const auto put_range = [&](int first, int last) {
    for (int i = first; i < last; ++i)
      REQUIRE(put(*level, std::to_string(i), value));
  };
  put_range(0, 12);
  CHECK(get(*level, "0") == value);
  SECTION("at once") {}
  SECTION("also after a restart, which keeps the order") {
    level.reset();
    level = file.open(256U << 10U);
  }
  for (int i = 12; level->stats().evictions < 8; ++i)
    REQUIRE(put(*level, std::to_string(i), value));
  CHECK(get(*level, "0") == value);
  CHECK(get(*level, "1") == "(none)");
  CHECK(get(*level, "2") == "(none)");
  CHECK(get(*level, "12") == value);
}

TEST_CASE("an entry larger than an entry may be is refused, and the older one goes",
          "[cache_level]") {
  const cache_file file;
  auto level = file.open(256U << 10U);
  CHECK(put(*level, "key", "small"));
  CHECK(put(*level, "other", std::string((32U << 10U) - 5, 'x')));
  CHECK(level->put("", "key", entry_of(std::string(32U << 10U, 'x')), start).value() ==
        cache_level_outcome::too_large);
  CHECK(get(*level, "key") == "(none)");
  CHECK(level->stats().refusals == 1);
}

TEST_CASE("a file opened with a lower limit shrinks to it in slices", "[cache_level]") {
  const cache_file file;
  auto level = file.open(2U << 20U);
  for (int i = 0; i < 200; ++i)
    REQUIRE(put(*level, std::to_string(i), std::string(7'000, 'v')));
  level = nullptr;
  level = file.open(512U << 10U);
  CHECK(level->stats().used_bytes > 1U << 20U);
  CHECK(level->maintain(start).value());
  maintain_all(*level);
  CHECK(level->stats().used_bytes <= 512U << 10U);
  CHECK(level->stats().entries > 20);
  CHECK(get(*level, "199").size() == 7'000);
  CHECK(get(*level, "0") == "(none)");
  level.reset();
  CHECK(size_of(file.path()) <= 512U << 10U);
}

TEST_CASE("a damaged row is a counted miss and is dropped", "[cache_level]") {
  const std::string change =
      GENERATE("value=X'00'", "key=X'00'", "tenant=X'00'", "checksum=checksum+1",
               "fresh_until=fresh_until+1", "error_until=error_until+1", "stored_at=stored_at-1",
               "tokens=tokens+1", "micro_cost=micro_cost+1", "compute_ns=compute_ns+1",
               "value='text'", "key=''");
  CAPTURE(change);
  const cache_file file;
  {
    auto level = file.open();
    CHECK(put(*level, "key", "value"));
    CHECK(put(*level, "sound", "value"));
  }
  file.tamper("UPDATE answers SET " + change);
  auto level = file.open();
  CHECK(get(*level, "key") == "(none)");
  CHECK(level->stats().corruptions == 1);
  CHECK(level->stats().misses == 1);
  CHECK(level->stats().entries == 1);
  CHECK(get(*level, "key") == "(none)");
  CHECK(level->stats().corruptions == 1);
  CHECK(put(*level, "key", "new"));
  CHECK(get(*level, "key") == "new");
}

TEST_CASE("a row moved to another key's place is no answer to it", "[cache_level]") {
  const cache_file file;
  CHECK(put(*file.open(), "a", "answer of a"));
  CHECK(put(*file.open(), "b", "answer of b"));
  file.tamper(
      "DELETE FROM answers WHERE key=CAST('b' AS BLOB);"
      "UPDATE answers SET id=(SELECT id FROM uses WHERE id<>answers.id)");
  auto level = file.open();
  CHECK(get(*level, "a") == "(none)");
  CHECK(get(*level, "b") == "(none)");
  CHECK(level->stats().corruptions == 1);
}

TEST_CASE("a file that is no cache is put aside and an empty one begun", "[cache_level]") {
  const cache_file file;
  SECTION("garbage") {
    file.folder.write("cache/level.db", std::string(10'000, 'g'));
  }
  SECTION("a short text") {
    file.folder.write("cache/level.db", "hello");
  }
  SECTION("another program's database") {
    std::filesystem::create_directories(file.path().parent_path());
    file.tamper("CREATE TABLE accounts(name); PRAGMA user_version=1");
  }
  SECTION("a cache cut short") {
    for (int i = 0; i < 20; ++i)
      CHECK(put(*file.open(), std::to_string(i), std::string(5'000, 'v')));
    std::filesystem::resize_file(file.path(), 3 * 4'096);
  }
  SECTION("a cache without its tables") {
    CHECK(put(*file.open(), "key", "value"));
    file.tamper("DROP TABLE uses");
  }
  SECTION("a cache that counts its uses past all bounds") {
    CHECK(put(*file.open(), "key", "value"));
    file.tamper("UPDATE uses SET last_use=9223372036854775807");
  }
  SECTION("a cache that was emptied of its secret") {
    CHECK(put(*file.open(), "key", "value"));
    file.tamper("DELETE FROM about");
  }
  auto opened = file.try_open();
  REQUIRE(opened);
  REQUIRE(opened->replaced);
  CHECK(opened->replaced->context.find(file.damaged().string()) != std::string::npos);
  CHECK(std::filesystem::exists(file.damaged()));
  CHECK(opened->level->stats().entries == 0);
  CHECK(put(*opened->level, "key", "value"));
  CHECK(get(*opened->level, "key") == "value");
}

TEST_CASE("rows that only damage can make do no harm", "[cache_level]") {
  const cache_file file;
  for (const auto* key : {"a", "b"})
    CHECK(put(*file.open(), key, key));
  SECTION("an answer that no use belongs to") {
    file.tamper("DELETE FROM uses");
    auto level = file.open();
    CHECK(get(*level, "a") == "a");
    CHECK(level->erase("", "a").value());
    CHECK(level->stats().entries == 0);
  }
  SECTION("a use that no answer belongs to") {
    file.tamper("DELETE FROM answers");
    auto level = file.open();
    CHECK(get(*level, "a") == "(none)");
    CHECK(put(*level, "a", "new"));
    CHECK(level->stats().entries == 2);
    maintain_all(*level, later(2h));
    CHECK(level->stats().entries == 0);
  }
}

TEST_CASE("an empty file is taken as a new cache", "[cache_level]") {
  const cache_file file;
  file.folder.write("cache/level.db", "");
  CHECK(put(*file.open(), "key", "value"));
}

TEST_CASE("a file of a newer program is refused and left as it is", "[cache_level]") {
  const cache_file file;
  CHECK(put(*file.open(), "key", "value"));
  file.tamper("PRAGMA user_version=2");
  const auto opened = file.try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::unsupported);
  CHECK(opened.error().context.find("has format 2, this program knows up to 1") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(file.damaged()));
  file.tamper("PRAGMA user_version=1");
  CHECK(get(*file.open(), "key") == "value");
}

TEST_CASE("flipped bytes anywhere in the file give misses, never wrong values", "[cache_level]") {
  const auto seed = GENERATE(range(std::uint64_t{0}, std::uint64_t{8}));
  CAPTURE(seed);
  const cache_file file;
  const auto value_of = [](int i) {
    return std::string(static_cast<std::size_t>(100 * i), static_cast<char>('a' + i % 26));
  };
  {
    auto level = file.open();
    for (int i = 0; i < 60; ++i)
      REQUIRE(put(*level, std::to_string(i), value_of(i)));
  }
  seeded_random random{seed};
  {
    std::fstream bytes{file.path(), std::ios::in | std::ios::out | std::ios::binary};
    const auto size = size_of(file.path());
    for (int i = 0; i < 64; ++i) {
      bytes.seekp(static_cast<std::streamoff>(random() % size));
      bytes.put(static_cast<char>(random()));
    }
  }
  auto opened = file.try_open();
  if (!opened) {
    CHECK(opened.error().code == errc::unsupported);
    return;
  }
  for (int i = 0; i < 60; ++i) {
    const auto found = get(*opened->level, std::to_string(i));
    CHECK((found == "(none)" || found == value_of(i)));
  }
  for (int i = 0; i < 60; ++i) {
    const auto done = opened->level->put("", std::to_string(i), entry_of(value_of(i)), start);
    INFO((done ? "" : to_string(done.error())));
    CHECK(done);
  }
  CHECK(opened->level->maintain(start));
  CHECK(get(*opened->level, "59") == value_of(59));
}

TEST_CASE("a file that turns out damaged in use is replaced while it goes on", "[cache_level]") {
  const cache_file file;
  // More than the level keeps of the file in memory.
  constexpr int entries = 400;
  const std::string value(20'000, 'v');
  {
    auto level = file.open(16U << 20U);
    for (int i = 0; i < entries; ++i)
      REQUIRE(put(*level, std::to_string(i), value));
  }
  auto level = file.open(16U << 20U);
  {
    std::fstream bytes{file.path(), std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekp(20 * 4'096);
    bytes << std::string(static_cast<std::size_t>(size_of(file.path())) - 20 * 4'096, '\xEE');
  }
  for (int i = 0; i < entries; ++i) {
    const auto found = get(*level, std::to_string(i));
    CHECK((found == "(none)" || found == value));
  }
  CHECK(level->stats().restarts == 1);
  CHECK(std::filesystem::exists(file.damaged()));
  CHECK(put(*level, "key", "value"));
  CHECK(get(*level, "key") == "value");
}

TEST_CASE("a second process is refused while the first uses the file", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  CHECK(put(*level, "key", "value"));
  const auto second = file.try_open();
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
  CHECK(get(*level, "key") == "value");
}

TEST_CASE("a full disk fails puts with an error and leaves the entries readable", "[cache_level]") {
  const cache_file file;
  auto level = file.open(8U << 20U);
  CHECK(put(*level, "key", "value"));
  const auto log = file.path().string() + "-wal";
  {
    const file_size_limit full{static_cast<rlim_t>(size_of(log))};
    const auto refused = level->put("", "new", entry_of(std::string(50'000, 'x')), start);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::io_failed);
    CHECK(get(*level, "key") == "value");
    CHECK(level->stats().entries == 1);
    for (int i = 0; i < 2'000; ++i)
      REQUIRE(get(*level, "key") == "value");
  }
  CHECK(level->put("", "new", entry_of("x"), start).value() == cache_level_outcome::stored);
  CHECK(get(*level, "new") == "x");
  CHECK(level->stats().restarts == 0);
}

TEST_CASE("a place where no file can be is an error that names it", "[cache_level]") {
  const testing::temporary_folder folder;
  folder.write("file", "");
  std::filesystem::create_directories(folder.path() / "folder");
  for (const auto& bad : {folder.path() / "file" / "level.db", folder.path() / "folder"}) {
    CAPTURE(bad);
    const auto opened = sqlite_cache_level::open({.file = bad});
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == errc::io_failed);
    CHECK(opened.error().context.find(folder.path().string()) != std::string::npos);
  }
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
        REQUIRE(put(*level, key, model[key]));
        break;
      case 3:
        REQUIRE(level->maintain(start));
        if (random() % 8 == 0) {
          level.reset();
          level = file.open(8U << 20U);
        }
        break;
      default: REQUIRE(get(*level, key) == (model.contains(key) ? model[key] : "(none)"));
    }
    REQUIRE(level->stats().entries == model.size());
  }
}
