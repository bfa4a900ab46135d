#pragma once

#include "libagent/adapters/cache_rows.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/cache_level.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace libagent {

struct sqlite_cache_options {
  std::filesystem::path file;
  std::uint64_t bytes_max = 256ULL << 20U;  ///< Length of the file; at least 256 KiB.
  std::uint64_t entry_bytes_max = 4ULL
                                  << 20U;  ///< Of key and value; `bytes_max` / 8 if that is less.
};

/// A `cache_level` in an SQLite file that survives the process.
///
/// The file is never longer than `bytes_max`; its write-ahead log takes up to some 8 MiB beside
/// it. The least recently used entries make room. Uses are written down in batches: a killed
/// process forgets the last of them, and no answer; a power cut takes the last answers too. A file
/// that turns out damaged while in use is put aside (`open_cache_database`) and a new one begun.
/// Memory: about 2 MiB of pages, and 16 KiB of uses not written down.
class sqlite_cache_level final : public cache_level {
public:
  struct opening {
    std::unique_ptr<sqlite_cache_level> level;
    std::optional<error> replaced;  ///< Set when an earlier file was put aside, with the reason.
  };

  /// Errors: as `open_cache_database`; `errc::invalid_argument` for options out of range.
  [[nodiscard]] static expected<opening> open(sqlite_cache_options options);

  sqlite_cache_level(const sqlite_cache_level&) = delete;
  sqlite_cache_level& operator=(const sqlite_cache_level&) = delete;
  ~sqlite_cache_level() override;

  [[nodiscard]] expected<std::optional<cache_level_entry>> get(std::string_view tenant,
                                                               std::string_view key,
                                                               const clock_reading& now) override;
  expected<cache_level_outcome> put(std::string_view tenant, std::string_view key,
                                    const cache_level_entry& entry,
                                    const clock_reading& now) override;
  expected<bool> erase(std::string_view tenant, std::string_view key) override;
  expected<void> clear() override;
  expected<bool> maintain(const clock_reading& now) override;
  [[nodiscard]] cache_level_stats stats() const override;

private:
  explicit sqlite_cache_level(sqlite_cache_options options) : options_{std::move(options)} {}

  // Opens the file; gives the reason when an earlier one had to be put aside.
  expected<std::optional<error>> begin_use();
  expected<std::optional<error>> begin_use_or_replace();
  // Starts anew when the failure says that the file is damaged. Gives what is left of the failure:
  // nothing when the level is usable again.
  [[nodiscard]] std::optional<error> recover(const error& failure);
  [[nodiscard]] expected<void> ready() const;

  // Runs `work` with the uses written down before it; undoes all, also in `stats_`, when something
  // fails.
  expected<void> in_transaction(const std::function<expected<void>()>& work);
  expected<void> measure();
  [[nodiscard]] expected<std::uint64_t> pages_in_use();

  expected<std::optional<cache_level_entry>> look_up(std::string_view tenant, std::string_view key,
                                                     const clock_reading& now);
  expected<bool> drop(std::int64_t id);
  expected<cache_level_outcome> refuse(std::int64_t id, cache_level_outcome why);
  expected<cache_level_outcome> store(std::int64_t id, const cache_row& row);
  expected<cache_level_outcome> insert_with_room(std::int64_t id, const cache_row& row,
                                                 std::uint64_t pages_needed);

  expected<bool> remove_row(std::int64_t id);
  // Evicts at most so many rows; returns whether there is room then.
  expected<bool> make_room(std::uint64_t pages_needed, std::size_t rows_max);
  expected<std::size_t> evict(std::size_t rows_max);
  expected<void> remove_slice(unix_millis now, bool& has_more);
  expected<void> give_back_pages(bool& has_more);
  expected<void> note_use(std::int64_t id);
  expected<void> write_uses();

  sqlite_cache_options options_;
  std::unique_ptr<cache_rows> rows_;  // null: the file could not be opened again
  std::unordered_map<std::int64_t, std::int64_t> unwritten_uses_;
  std::int64_t latest_use_ = 0;
  std::uint64_t pages_max_ = 0;
  bool was_out_of_space_ = false;  // what the latest transaction failed for
  cache_level_stats stats_;
};

}  // namespace libagent
