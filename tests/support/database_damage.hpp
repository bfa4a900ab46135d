#pragma once

#include "libagent/adapters/kept_database.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/error.hpp"
#include "libagent/base/random.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace libagent::testing {

inline std::string database_bytes(const std::filesystem::path& file) {
  std::ostringstream content;
  content << std::ifstream{file, std::ios::binary}.rdbuf();
  return content.str();
}

inline void write_database_bytes(const std::filesystem::path& file, const std::string& content) {
  std::ofstream{file, std::ios::binary | std::ios::trunc} << content;
}

/// Calls `look(file)` for so many copies of a database, each with one byte changed: first all over
/// its beginning, then anywhere.
template <class Look>
void for_each_damaged_byte(const std::string& sound, std::size_t rounds, Look look) {
  const temporary_folder folder;
  seeded_random random{7};
  for (std::size_t round = 0; round < rounds; ++round) {
    auto damaged = sound;
    const auto at = round < 20 ? round * 101 : random() % sound.size();
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + random() % 255));
    const auto file = folder.path() / ("copy" + std::to_string(round) + ".db");
    write_database_bytes(file, damaged);
    CAPTURE(round, at);
    look(file);
  }
}

/// Calls `look(file, hurts_tables)` for copies of a database that miss three pages each. The tables
/// begin on the first `root_pages`, which only one copy misses; without one a whole table is gone.
template <class Look>
void for_each_damaged_pages(const std::string& sound, std::size_t root_pages, Look look) {
  const temporary_folder folder;
  seeded_random random{11};
  const auto pages = sound.size() / database_page_bytes;
  for (std::size_t round = 0; round < 24; ++round) {
    auto damaged = sound;
    std::string broken;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto page = round == 0 ? i : root_pages + random() % (pages - root_pages);
      broken += std::to_string(page) + " ";
      damaged.replace(page * database_page_bytes, database_page_bytes, database_page_bytes,
                      round % 2 == 0 ? '\0' : '\x5A');
    }
    const auto file = folder.path() / ("copy" + std::to_string(round) + ".db");
    write_database_bytes(file, damaged);
    CAPTURE(round, broken);
    look(file, round == 0);
  }
}

/// Cuts a database's log at and around each of its frames. `survivors(copy)` says how many commits
/// a copy has, after it checked that these are the first ones.
/// @pre `file` is open and holds `commits`, all of them in its log.
template <class Survivors>
void check_log_cuts(const std::filesystem::path& file, std::uint64_t commits, Survivors survivors) {
  const auto database = database_bytes(file);
  const auto log = database_bytes(file.string() + "-wal");
  constexpr std::size_t frame = 24 + database_page_bytes;
  std::vector<std::size_t> cuts{0, 5, 31};
  for (auto at = std::size_t{32}; at <= log.size(); at += frame)
    cuts.insert(cuts.end(), {at, std::min(at + 1, log.size()), std::min(at + 1'777, log.size())});
  REQUIRE(cuts.size() > 3 * commits);
  std::ranges::sort(cuts);
  const temporary_folder folder;
  std::uint64_t before = 0;
  for (const auto cut : cuts) {
    const auto copy = folder.path() / ("cut" + std::to_string(cut) + ".db");
    write_database_bytes(copy, database);
    write_database_bytes(copy.string() + "-wal", log.substr(0, cut));
    CAPTURE(cut);
    const std::uint64_t survived = survivors(copy);
    CHECK(survived >= before);
    before = survived;
  }
  CHECK(before == commits);
}

/// What is none of our databases is refused by `open(file)` and left as it is.
template <class Open>
void check_strangers_refused(Open open) {
  const temporary_folder folder;
  const auto file = folder.path() / "other.db";
  SECTION("text") {
    folder.write("other.db", std::string(3 * database_page_bytes, 't'));
  }
  SECTION("another program's database") {
    auto other = sqlite_database::open(file, sqlite_database::access::write).value();
    REQUIRE(other.execute("CREATE TABLE notes(text); INSERT INTO notes VALUES('mine')"));
  }
  const auto before = database_bytes(file);
  const auto opened = open(file);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corrupt);
  CHECK(opened.error().context.find(file.string()) != std::string::npos);
  CHECK(database_bytes(file).substr(0, 18) == before.substr(0, 18));
  CHECK_FALSE(std::filesystem::exists(file.string() + ".damaged"));
}

}  // namespace libagent::testing
