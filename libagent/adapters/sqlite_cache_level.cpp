#include "libagent/adapters/sqlite_cache_level.hpp"

#include "libagent/adapters/cache_database.hpp"

#include <algorithm>
#include <string>

namespace libagent {

namespace {

constexpr std::uint64_t cache_file_bytes_min = 256ULL << 10U;
// A put may evict so many rows, some 20 ms of work.
constexpr std::size_t evictions_per_put = 2'048;
// What a new row may cost beyond its own bytes: a split in each of the four trees.
constexpr std::uint64_t spare_pages = 6;
// A continued row has 4 bytes of each page for the number of the next.
constexpr std::uint64_t page_link_bytes = 4;

// Far more than there is time for, and far from where counting on would overflow.
constexpr std::int64_t uses_max = std::int64_t{1} << 60U;

/// Damage shows as such, or as statements that do not fit the tables of the file.
bool is_damage(errc code) {
  return code == errc::corrupt || code == errc::internal;
}

expected<void> check_cache_options(const sqlite_cache_options& options) {
  if (options.bytes_max < cache_file_bytes_min) {
    return error{errc::invalid_argument, "open cache " + options.file.string() + ": " +
                                             std::to_string(options.bytes_max) +
                                             " bytes are too few, at least " +
                                             std::to_string(cache_file_bytes_min) + " needed"};
  }
  return {};
}

}  // namespace

expected<sqlite_cache_level::opening> sqlite_cache_level::open(sqlite_cache_options options) {
  if (auto valid = check_cache_options(options); !valid)
    return valid.error();
  options.entry_bytes_max = std::min(options.entry_bytes_max, options.bytes_max / 8);
  std::unique_ptr<sqlite_cache_level> level{new sqlite_cache_level{std::move(options)}};
  auto replaced = level->begin_use_or_replace();
  if (!replaced)
    return std::move(replaced.error());
  return opening{std::move(level), std::move(*replaced)};
}

sqlite_cache_level::~sqlite_cache_level() {
  // A failure forgets uses, which is no loss worth a word.
  if (rows_)
    static_cast<void>(in_transaction([] { return expected<void>{}; }));
}

expected<std::optional<error>> sqlite_cache_level::begin_use() {
  auto opened = open_cache_database(options_.file, options_.bytes_max);
  if (!opened)
    return std::move(opened.error());
  auto rows = cache_rows::over(std::move(opened->database));
  if (!rows)
    return std::move(rows.error());
  auto count = rows->count();
  if (!count)
    return std::move(count.error());
  auto latest = rows->latest_use();
  if (!latest)
    return std::move(latest.error());
  if (*latest < 0 || *latest > uses_max)
    return error{errc::corrupt, "the number of its latest use is " + std::to_string(*latest)};
  auto pages = rows->pages();
  if (!pages)
    return std::move(pages.error());
  stats_.entries = *count;
  stats_.used_bytes = (pages->all - pages->unused) * rows->page_bytes();
  latest_use_ = *latest;
  unwritten_uses_.clear();
  pages_max_ = options_.bytes_max / rows->page_bytes();
  rows_ = std::make_unique<cache_rows>(std::move(*rows));
  return std::move(opened->replaced);
}

expected<std::optional<error>> sqlite_cache_level::begin_use_or_replace() {
  rows_.reset();
  auto begun = begin_use();
  if (begun || !is_damage(begun.error().code))
    return begun;
  auto damage = std::move(begun.error());
  if (auto moved = move_cache_database_aside(options_.file); !moved)
    return moved.error();
  damage.context += "; the cache is now " + damaged_cache_path(options_.file).string();
  begun = begin_use();
  if (!begun)
    return begun;
  return std::optional{std::move(damage)};
}

std::optional<error> sqlite_cache_level::recover(const error& failure) {
  if (!is_damage(failure.code))
    return failure;
  rows_.reset();
  stats_.entries = 0;
  stats_.used_bytes = 0;
  if (auto moved = move_cache_database_aside(options_.file); !moved)
    return moved.error();
  if (auto begun = begin_use(); !begun)
    return std::move(begun.error());
  ++stats_.restarts;
  return std::nullopt;
}

expected<void> sqlite_cache_level::ready() const {
  if (rows_)
    return {};
  return error{errc::unavailable,
               "use cache " + options_.file.string() + ": it could not be opened again"};
}

expected<std::optional<cache_level_entry>> sqlite_cache_level::get(std::string_view tenant,
                                                                   std::string_view key,
                                                                   const clock_reading& now) {
  if (auto usable = ready(); !usable)
    return usable.error();
  auto found = look_up(tenant, key, now);
  if (found) {
    ++(found->has_value() ? stats_.hits : stats_.misses);
    return found;
  }
  ++stats_.misses;
  if (auto failure = recover(found.error()))
    return std::move(*failure);
  return std::optional<cache_level_entry>{};
}

expected<std::optional<cache_level_entry>> sqlite_cache_level::look_up(std::string_view tenant,
                                                                       std::string_view key,
                                                                       const clock_reading& now) {
  std::optional<cache_level_entry> entry;
  const auto id = rows_->id_of(tenant, key);
  auto found = rows_->find(id, tenant, key);
  if (!found)
    return std::move(found.error());
  if (found->what == found_row::state::absent)
    return entry;
  const auto times = from_wall_times(found->times, now);
  if (found->what == found_row::state::damaged || !times) {
    ++(found->what == found_row::state::damaged ? stats_.corruptions : stats_.expirations);
    if (auto dropped = drop(id); !dropped)
      return std::move(dropped.error());
    return entry;
  }
  if (auto noted = note_use(id); !noted)
    return noted.error();
  entry = cache_level_entry{std::move(found->value), *times, found->saving};
  return entry;
}

expected<cache_level_outcome> sqlite_cache_level::put(std::string_view tenant, std::string_view key,
                                                      const cache_level_entry& entry,
                                                      const clock_reading& now) {
  if (auto usable = ready(); !usable)
    return usable.error();
  const cache_row row{.tenant = tenant,
                      .key = key,
                      .value = entry.value,
                      .times = to_wall_times(entry.times, now),
                      .saving = entry.saving};
  const auto attempt = [&]() -> expected<cache_level_outcome> {
    const auto id = rows_->id_of(tenant, key);
    if (tenant.size() + key.size() + entry.value.size() > options_.entry_bytes_max)
      return refuse(id, cache_level_outcome::too_large);
    if (!from_wall_times(row.times, now))
      return refuse(id, cache_level_outcome::gone);
    return store(id, row);
  };
  auto outcome = attempt();
  if (outcome)
    return outcome;
  if (auto failure = recover(outcome.error()))
    return std::move(*failure);
  return attempt();
}

expected<cache_level_outcome> sqlite_cache_level::refuse(std::int64_t id, cache_level_outcome why) {
  if (auto dropped = drop(id); !dropped)
    return std::move(dropped.error());
  ++stats_.refusals;
  return why;
}

expected<cache_level_outcome> sqlite_cache_level::store(std::int64_t id, const cache_row& row) {
  const auto bytes = row.tenant.size() + row.key.size() + row.value.size();
  auto pages_needed = bytes / (rows_->page_bytes() - page_link_bytes) + spare_pages;
  // The trees may need more than expected: then the file's limit stops the first attempt.
  for (int attempts = 0;; ++attempts) {
    auto outcome = cache_level_outcome::stored;
    auto done = in_transaction([&]() -> expected<void> {
      auto inserted = insert_with_room(id, row, pages_needed);
      if (!inserted)
        return std::move(inserted.error());
      outcome = *inserted;
      return {};
    });
    if (done)
      return outcome;
    if (!was_out_of_space_ || attempts == 2)
      return done.error();
    pages_needed *= 2;
  }
}

expected<cache_level_outcome> sqlite_cache_level::insert_with_room(std::int64_t id,
                                                                   const cache_row& row,
                                                                   std::uint64_t pages_needed) {
  if (auto removed = remove_row(id); !removed)
    return std::move(removed.error());
  auto has_room = make_room(pages_needed, evictions_per_put);
  if (!has_room)
    return std::move(has_room.error());
  if (!*has_room) {
    ++stats_.refusals;
    return cache_level_outcome::no_room;
  }
  if (auto inserted = rows_->insert(id, row, ++latest_use_); !inserted)
    return inserted.error();
  ++stats_.entries;
  ++stats_.stores;
  return cache_level_outcome::stored;
}

expected<bool> sqlite_cache_level::drop(std::int64_t id) {
  bool was_there = false;
  auto done = in_transaction([&]() -> expected<void> {
    auto removed = remove_row(id);
    if (!removed)
      return std::move(removed.error());
    was_there = *removed;
    return {};
  });
  if (!done)
    return done.error();
  return was_there;
}

expected<bool> sqlite_cache_level::erase(std::string_view tenant, std::string_view key) {
  if (auto usable = ready(); !usable)
    return usable.error();
  auto removed = drop(rows_->id_of(tenant, key));
  if (removed)
    return removed;
  if (auto failure = recover(removed.error()))
    return std::move(*failure);
  return false;
}

expected<void> sqlite_cache_level::clear() {
  rows_.reset();
  stats_.entries = 0;
  stats_.used_bytes = 0;
  if (auto deleted = delete_cache_database(options_.file); !deleted)
    return deleted;
  if (auto begun = begin_use(); !begun)
    return std::move(begun.error());
  return {};
}

cache_level_stats sqlite_cache_level::stats() const {
  auto stats = stats_;
  stats.capacity_bytes = options_.bytes_max;
  return stats;
}

}  // namespace libagent
