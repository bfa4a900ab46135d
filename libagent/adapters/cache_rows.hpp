#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/cache/cache_times.hpp"
#include "libagent/cache/siphash.hpp"
#include "libagent/cache/wall_times.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

/// An answer as it is in the file.
struct cache_row {
  std::string_view tenant;
  std::string_view key;
  std::string_view value;
  wall_times times;
  cache_saving saving;
};

/// What looking for a key found.
struct found_row {
  enum class state : std::uint8_t { absent, sound, damaged };

  state what = state::absent;
  std::string value;
  wall_times times;
  cache_saving saving;
};

/// How many pages the file has, and how many of them nothing is in.
struct page_counts {
  std::uint64_t all = 0;
  std::uint64_t unused = 0;
};

/// The tables of a cache's file: rows by the keyed hash of tenant and key.
///
/// Two keys of one hash replace each other; as the hash is keyed by a secret of the file, that is
/// chance and nobody's choice. Changes belong into `begin` and `commit` or `roll_back`. Thread
/// safety: that of the database.
class cache_rows {
public:
  /// Takes over a database that `open_cache_database` opened.
  static expected<cache_rows> over(sqlite_database database);

  [[nodiscard]] std::int64_t id_of(std::string_view tenant, std::string_view key) const;
  [[nodiscard]] expected<found_row> find(std::int64_t id, std::string_view tenant,
                                         std::string_view key);
  /// @pre there is no row `id`.
  expected<void> insert(std::int64_t id, const cache_row& row, std::int64_t use);
  /// Returns whether there was one.
  expected<bool> remove(std::int64_t id);
  expected<void> note_use(std::int64_t id, std::int64_t use);

  [[nodiscard]] expected<std::vector<std::int64_t>> least_recently_used(std::size_t rows_max);
  [[nodiscard]] expected<std::vector<std::int64_t>> ended(unix_millis now, std::size_t rows_max);

  [[nodiscard]] expected<std::uint64_t> count();
  /// The number of the latest use; 0 when there is none.
  [[nodiscard]] expected<std::int64_t> latest_use();
  [[nodiscard]] expected<page_counts> pages();

  [[nodiscard]] std::uint64_t page_bytes() const { return page_bytes_; }

  /// Gives up to `pages_max` unused pages back to the file system.
  expected<void> vacuum(std::size_t pages_max);
  /// Brings the file up to date with its log.
  expected<void> checkpoint();
  /// See `limit_cache_database`.
  expected<void> limit(std::uint64_t bytes_max);

  expected<void> begin();
  expected<void> commit();
  /// Undoes what was done since `begin`, if the failure did not undo it already. Returns whether
  /// that failure was lack of space, in the file's limit or on the disk.
  bool roll_back();

private:
  cache_rows(sqlite_database database, hash_key secret, std::uint64_t page_bytes);

  expected<void> prepare_all();
  [[nodiscard]] std::int64_t checksum(std::int64_t id, const cache_row& row) const;

  sqlite_database database_;
  hash_key secret_;
  std::uint64_t page_bytes_;
  sqlite_statement find_;
  sqlite_statement insert_answer_;
  sqlite_statement insert_use_;
  sqlite_statement remove_answer_;
  sqlite_statement remove_use_;
  sqlite_statement note_use_;
  sqlite_statement least_recent_;
  sqlite_statement ended_;
  sqlite_statement page_count_;
  sqlite_statement unused_count_;
};

}  // namespace libagent
