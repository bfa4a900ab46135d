#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/adapters/sqlite_cache_level.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace libagent::testing {

inline constexpr clock_reading level_start{.steady = time_point{std::chrono::seconds{1'000}},
                                           .wall = 1'700'000'000'000};

inline clock_reading after_start(std::chrono::milliseconds passed) {
  return {.steady = level_start.steady + passed, .wall = level_start.wall + passed.count()};
}

inline cache_level_entry entry_of(std::string value,
                                  std::chrono::milliseconds ttl = std::chrono::hours{1}) {
  return {.value = std::move(value),
          .times = cache_times::until(level_start.steady, level_start.steady + ttl),
          .saving = {
              .compute_time = std::chrono::milliseconds{1'500}, .tokens = 321, .micro_cost = 45}};
}

/// The file of a level, in a folder of its own.
struct cache_file {
  temporary_folder folder;

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

inline bool put_value(cache_level& level, const std::string& key, const std::string& value) {
  return level.put("", key, entry_of(value), level_start).value() == cache_level_outcome::stored;
}

inline std::string get_value(cache_level& level, const std::string& key,
                             const clock_reading& now = level_start) {
  const auto found = level.get("", key, now).value();
  return found ? found->value : "(none)";
}

inline void maintain_all(cache_level& level, const clock_reading& now = level_start) {
  auto slices = 0;
  while (level.maintain(now).value())
    REQUIRE(++slices < 1'000);
}

inline std::uint64_t bytes_in(const std::filesystem::path& file) {
  return std::filesystem::file_size(file);
}

}  // namespace libagent::testing
