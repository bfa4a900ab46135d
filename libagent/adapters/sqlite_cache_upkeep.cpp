#include "libagent/adapters/sqlite_cache_level.hpp"

#include <utility>

// How a sqlite_cache_level changes its rows: transactions, making room, and what can wait.

namespace libagent {

namespace {

constexpr std::size_t uses_in_memory_max = 512;
constexpr std::size_t rows_per_slice = 64;
constexpr std::size_t pages_per_slice = 128;
constexpr std::size_t victims_per_look = 4;

}  // namespace

expected<void> sqlite_cache_level::in_transaction(const std::function<expected<void>()>& work) {
  const auto before = stats_;
  was_out_of_space_ = false;
  if (auto begun = rows_->begin(); !begun)
    return begun;
  auto done = write_uses();
  if (done)
    done = work();
  if (done)
    done = measure();
  if (done)
    done = rows_->commit();
  if (!done) {
    was_out_of_space_ = rows_->roll_back();
    stats_ = before;
    return done;
  }
  unwritten_uses_.clear();
  return done;
}

expected<void> sqlite_cache_level::measure() {
  auto in_use = pages_in_use();
  if (!in_use)
    return std::move(in_use.error());
  stats_.used_bytes = *in_use * rows_->page_bytes();
  return {};
}

expected<std::uint64_t> sqlite_cache_level::pages_in_use() {
  auto pages = rows_->pages();
  if (!pages)
    return std::move(pages.error());
  return pages->all - pages->unused;
}

expected<bool> sqlite_cache_level::make_room(std::uint64_t pages_needed, std::size_t rows_max) {
  for (std::size_t evicted = 0;;) {
    auto in_use = pages_in_use();
    if (!in_use)
      return std::move(in_use.error());
    if (*in_use + pages_needed <= pages_max_)
      return true;
    if (evicted >= rows_max)
      return false;
    auto done = evict(victims_per_look);
    if (!done)
      return std::move(done.error());
    if (*done == 0)
      return error{errc::corrupt, "evict from cache: it is full and has no entries"};
    evicted += *done;
  }
}

expected<std::size_t> sqlite_cache_level::evict(std::size_t rows_max) {
  auto victims = rows_->least_recently_used(rows_max);
  if (!victims)
    return std::move(victims.error());
  for (const auto id : *victims) {
    if (auto removed = remove_row(id); !removed)
      return std::move(removed.error());
  }
  stats_.evictions += victims->size();
  return victims->size();
}

expected<bool> sqlite_cache_level::remove_row(std::int64_t id) {
  auto removed = rows_->remove(id);
  // Rows that only damage can make are not counted.
  if (removed && *removed && stats_.entries > 0)
    --stats_.entries;
  return removed;
}

expected<void> sqlite_cache_level::note_use(std::int64_t id) {
  unwritten_uses_[id] = ++latest_use_;
  if (unwritten_uses_.size() < uses_in_memory_max)
    return {};
  auto done = in_transaction([] { return expected<void>{}; });
  // Where nothing can be written, for example on a full disk, answers can still be read.
  unwritten_uses_.clear();
  return done || done.error().code != errc::corrupt ? expected<void>{} : done;
}

expected<void> sqlite_cache_level::write_uses() {
  for (const auto& [id, use] : unwritten_uses_) {
    if (auto written = rows_->note_use(id, use); !written)
      return written;
  }
  return {};
}

expected<bool> sqlite_cache_level::maintain(const clock_reading& now) {
  if (!rows_) {
    auto begun = begin_use_or_replace();
    if (!begun)
      return std::move(begun.error());
    stats_.restarts += begun->has_value() ? 1U : 0U;
  }
  bool has_more = false;
  auto done = in_transaction([&] { return remove_slice(now.wall, has_more); });
  if (done && !has_more)
    done = give_back_pages(has_more);
  if (done)
    return has_more;
  if (auto failure = recover(done.error()))
    return std::move(*failure);
  return false;
}

expected<void> sqlite_cache_level::remove_slice(unix_millis now, bool& has_more) {
  auto ended = rows_->ended(now, rows_per_slice);
  if (!ended)
    return std::move(ended.error());
  for (const auto id : *ended) {
    if (auto removed = remove_row(id); !removed)
      return std::move(removed.error());
  }
  stats_.expirations += ended->size();
  if (ended->size() == rows_per_slice) {
    has_more = true;
    return {};
  }
  auto is_within_limit = make_room(0, rows_per_slice);
  if (!is_within_limit)
    return std::move(is_within_limit.error());
  has_more = !*is_within_limit;
  return {};
}

expected<void> sqlite_cache_level::give_back_pages(bool& has_more) {
  auto pages = rows_->pages();
  if (!pages)
    return std::move(pages.error());
  // New entries reuse pages, so a few unused ones are not worth the work.
  const bool is_too_long = pages->all > pages_max_ && pages->unused > 0;
  if (!is_too_long && pages->unused <= pages->all / 4 + pages_per_slice)
    return {};
  has_more = true;
  if (auto done = rows_->vacuum(pages_per_slice); !done)
    return done;
  if (auto done = rows_->limit(options_.bytes_max); !done)
    return done;
  return rows_->checkpoint();
}

}  // namespace libagent
