#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_cache_level.hpp"
#include "libagent/base/random.hpp"

#include "tests/support/cache_level_file.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <utility>

using namespace libagent;
using namespace libagent::testing;
using namespace std::chrono_literals;

namespace {

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
    CHECK(put_value(*level, "key", "value"));
    CHECK(put_value(*level, "sound", "value"));
  }
  file.tamper("UPDATE answers SET " + change);
  auto level = file.open();
  CHECK(get_value(*level, "key") == "(none)");
  CHECK(level->stats().corruptions == 1);
  CHECK(level->stats().misses == 1);
  CHECK(level->stats().entries == 1);
  CHECK(get_value(*level, "key") == "(none)");
  CHECK(level->stats().corruptions == 1);
  CHECK(put_value(*level, "key", "new"));
  CHECK(get_value(*level, "key") == "new");
}

TEST_CASE("a row moved to another key's place is no answer to it", "[cache_level]") {
  const cache_file file;
  CHECK(put_value(*file.open(), "a", "answer of a"));
  CHECK(put_value(*file.open(), "b", "answer of b"));
  file.tamper(
      "DELETE FROM answers WHERE key=CAST('b' AS BLOB);"
      "UPDATE answers SET id=(SELECT id FROM uses WHERE id<>answers.id)");
  auto level = file.open();
  CHECK(get_value(*level, "a") == "(none)");
  CHECK(get_value(*level, "b") == "(none)");
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
      CHECK(put_value(*file.open(), std::to_string(i), std::string(5'000, 'v')));
    std::filesystem::resize_file(file.path(), 3 * 4'096);
  }
  SECTION("a cache without its tables") {
    CHECK(put_value(*file.open(), "key", "value"));
    file.tamper("DROP TABLE uses");
  }
  SECTION("a cache that counts its uses past all bounds") {
    CHECK(put_value(*file.open(), "key", "value"));
    file.tamper("UPDATE uses SET last_use=9223372036854775807");
  }
  SECTION("a cache that was emptied of its secret") {
    CHECK(put_value(*file.open(), "key", "value"));
    file.tamper("DELETE FROM about");
  }
  auto opened = file.try_open();
  REQUIRE(opened);
  REQUIRE(opened->replaced);
  CHECK(opened->replaced->context.find(file.damaged().string()) != std::string::npos);
  CHECK(std::filesystem::exists(file.damaged()));
  CHECK(opened->level->stats().entries == 0);
  CHECK(put_value(*opened->level, "key", "value"));
  CHECK(get_value(*opened->level, "key") == "value");
}

TEST_CASE("rows that only damage can make do no harm", "[cache_level]") {
  const cache_file file;
  for (const auto* key : {"a", "b"})
    CHECK(put_value(*file.open(), key, key));
  SECTION("an answer that no use belongs to") {
    file.tamper("DELETE FROM uses");
    auto level = file.open();
    CHECK(get_value(*level, "a") == "a");
    CHECK(level->erase("", "a").value());
    CHECK(level->stats().entries == 0);
  }
  SECTION("a use that no answer belongs to") {
    file.tamper("DELETE FROM answers");
    auto level = file.open();
    CHECK(get_value(*level, "a") == "(none)");
    CHECK(put_value(*level, "a", "new"));
    CHECK(level->stats().entries == 2);
    maintain_all(*level, after_start(2h));
    CHECK(level->stats().entries == 0);
  }
}

TEST_CASE("an empty file is taken as a new cache", "[cache_level]") {
  const cache_file file;
  file.folder.write("cache/level.db", "");
  CHECK(put_value(*file.open(), "key", "value"));
}

TEST_CASE("a file of a newer program is refused and left as it is", "[cache_level]") {
  const cache_file file;
  CHECK(put_value(*file.open(), "key", "value"));
  file.tamper("PRAGMA user_version=2");
  const auto opened = file.try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::unsupported);
  CHECK(opened.error().context.find("has format 2, this program knows up to 1") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(file.damaged()));
  file.tamper("PRAGMA user_version=1");
  CHECK(get_value(*file.open(), "key") == "value");
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
      REQUIRE(put_value(*level, std::to_string(i), value_of(i)));
  }
  seeded_random random{seed};
  {
    std::fstream bytes{file.path(), std::ios::in | std::ios::out | std::ios::binary};
    const auto size = bytes_in(file.path());
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
    const auto found = get_value(*opened->level, std::to_string(i));
    CHECK((found == "(none)" || found == value_of(i)));
  }
  for (int i = 0; i < 60; ++i) {
    const auto done = opened->level->put("", std::to_string(i), entry_of(value_of(i)), level_start);
    INFO((done ? "" : to_string(done.error())));
    CHECK(done);
  }
  CHECK(opened->level->maintain(level_start));
  CHECK(get_value(*opened->level, "59") == value_of(59));
}

TEST_CASE("a file that turns out damaged in use is replaced while it goes on", "[cache_level]") {
  const cache_file file;
  // More than the level keeps of the file in memory.
  constexpr int entries = 400;
  const std::string value(20'000, 'v');
  {
    auto level = file.open(16U << 20U);
    for (int i = 0; i < entries; ++i)
      REQUIRE(put_value(*level, std::to_string(i), value));
  }
  auto level = file.open(16U << 20U);
  {
    std::fstream bytes{file.path(), std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekp(20 * 4'096);
    bytes << std::string(static_cast<std::size_t>(bytes_in(file.path())) - 20 * 4'096, '\xEE');
  }
  for (int i = 0; i < entries; ++i) {
    const auto found = get_value(*level, std::to_string(i));
    CHECK((found == "(none)" || found == value));
  }
  CHECK(level->stats().restarts == 1);
  CHECK(std::filesystem::exists(file.damaged()));
  CHECK(put_value(*level, "key", "value"));
  CHECK(get_value(*level, "key") == "value");
}

TEST_CASE("a second process is refused while the first uses the file", "[cache_level]") {
  const cache_file file;
  auto level = file.open();
  CHECK(put_value(*level, "key", "value"));
  const auto second = file.try_open();
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::unavailable);
  CHECK(get_value(*level, "key") == "value");
}

TEST_CASE("a full disk fails puts with an error and leaves the entries readable", "[cache_level]") {
  const cache_file file;
  auto level = file.open(8U << 20U);
  CHECK(put_value(*level, "key", "value"));
  const auto log = file.path().string() + "-wal";
  {
    const file_size_limit full{static_cast<rlim_t>(bytes_in(log))};
    const auto refused = level->put("", "new", entry_of(std::string(50'000, 'x')), level_start);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::io_failed);
    CHECK(get_value(*level, "key") == "value");
    CHECK(level->stats().entries == 1);
    for (int i = 0; i < 2'000; ++i)
      REQUIRE(get_value(*level, "key") == "value");
  }
  CHECK(level->put("", "new", entry_of("x"), level_start).value() == cache_level_outcome::stored);
  CHECK(get_value(*level, "new") == "x");
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
