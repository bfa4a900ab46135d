#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/cache/cache_times.hpp"
#include "libagent/cache/wall_times.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// A value as a slower level of the cache keeps it.
struct cache_level_entry {
  std::string value;
  cache_times times;
  cache_saving saving;
};

enum class cache_level_outcome : std::uint8_t {
  stored,
  too_large,  ///< Larger than an entry may be.
  no_room,    ///< More had to be evicted than one call may; what was evicted stays so.
  gone,       ///< Its time was over already.
};

/// What a level did since it was opened, and how much it holds.
struct cache_level_stats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;  ///< All of them, also for the two reasons below.
  std::uint64_t expirations = 0;
  std::uint64_t corruptions = 0;  ///< Entries found damaged and dropped.
  std::uint64_t stores = 0;
  std::uint64_t evictions = 0;
  std::uint64_t refusals = 0;
  std::uint64_t restarts = 0;  ///< Times it had to start anew because its storage was damaged.
  std::uint64_t entries = 0;
  std::uint64_t used_bytes = 0;  ///< As its storage counts them.
  std::uint64_t capacity_bytes = 0;
};

/// A level of the cache behind the memory: slower, larger, and there after a restart.
///
/// Tenants never see each other's entries. Keys and values are any bytes; keys are compared in
/// full. A damaged entry is a miss, never a wrong value. After an error the level is usable, and
/// the cache can do without it: a failed `get` is a miss, a failed `put` stores nothing.
///
/// Blocking: reads and writes files; every call does a bounded amount of work. Thread safety: one
/// thread at a time.
class cache_level {
public:
  cache_level() = default;
  cache_level(const cache_level&) = delete;
  cache_level& operator=(const cache_level&) = delete;
  cache_level(cache_level&&) = delete;
  cache_level& operator=(cache_level&&) = delete;
  virtual ~cache_level() = default;

  /// Errors: `errc::io_failed`, `errc::unavailable`.
  [[nodiscard]] virtual expected<std::optional<cache_level_entry>> get(
      std::string_view tenant, std::string_view key, const clock_reading& now) = 0;

  /// Stores or replaces. Whatever the outcome, an older value is gone afterwards; after an error
  /// it may be there still. Errors: as `get`.
  virtual expected<cache_level_outcome> put(std::string_view tenant, std::string_view key,
                                            const cache_level_entry& entry,
                                            const clock_reading& now) = 0;

  /// Returns whether there was such an entry. Errors: as `get`.
  virtual expected<bool> erase(std::string_view tenant, std::string_view key) = 0;

  /// Drops everything. Errors: as `get`.
  virtual expected<void> clear() = 0;

  /// Does one slice of what can wait: writing down who was used, dropping what is too old or too
  /// much, giving space back. To be called every second or so, and again while it returns true.
  /// Errors: as `get`.
  virtual expected<bool> maintain(const clock_reading& now) = 0;

  [[nodiscard]] virtual cache_level_stats stats() const = 0;
};

}  // namespace libagent
