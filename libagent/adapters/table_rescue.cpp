#include "libagent/adapters/table_rescue.hpp"

#include <algorithm>
#include <sqlite3.h>
#include <utility>

namespace libagent {

namespace {

constexpr std::int64_t highest_row = std::int64_t{1} << 62U;
// Some hundred damaged pages can be gone around with so many.
constexpr int rescue_tries_max = 50'000;

}  // namespace

expected<table_rescue> table_rescue::over(sqlite_database& from, sqlite_database& to,
                                          const rescued_table& table) {
  table_rescue made{from, table};
  made.column_count_ = table.column_count;
  const auto select = "SELECT " + table.columns + " FROM " + table.name + " NOT INDEXED WHERE " +
                      table.number + " BETWEEN ?1 AND ?2 ORDER BY " + table.number;
  std::string parameters = "?";
  for (int i = 1; i < table.column_count; ++i)
    parameters += ",?";
  auto upwards = from.prepare(select);
  auto downwards = from.prepare(select + " DESC");
  auto insert = to.prepare("INSERT OR IGNORE INTO " + table.name + "(" + table.columns +
                           ") VALUES(" + parameters + ")");
  for (const auto* one : {&upwards, &downwards, &insert}) {
    if (!*one)
      return one->error();
  }
  made.upwards_ = std::move(*upwards);
  made.downwards_ = std::move(*downwards);
  made.insert_ = std::move(*insert);
  return made;
}

std::int64_t table_rescue::highest_number() const {
  return highest_row >> shift_;
}

expected<bool> table_rescue::copy(sqlite_statement& rows, const span& where, std::int64_t& last) {
  rows.bind(1, where.low << shift_);
  rows.bind(2, ((where.high + 1) << shift_) - 1);
  for (;;) {
    const auto there = rows.step();
    if (!there) {
      is_damaged_ = true;
      return false;
    }
    if (!*there)
      return true;
    last = rows.integer(0) >> shift_;
    for (int column = 0; column < column_count_; ++column)
      insert_.bind_column_of(column + 1, rows, column);
    if (auto done = insert_.run(); !done) {
      rows.reset();
      return done.error();
    }
    copied_ += static_cast<std::uint64_t>(sqlite3_changes(sqlite3_db_handle(insert_.handle())));
  }
}

expected<void> table_rescue::try_span(span where) {
  auto last = where.low - 1;
  auto complete = copy(upwards_, where, last);
  if (!complete)
    return complete.error();
  if (*complete)
    return {};
  // The rows of one number may be cut in the middle: it is tried once more from the other end.
  where.low = std::max(where.low, last);
  last = where.high + 1;
  complete = copy(downwards_, where, last);
  if (!complete)
    return complete.error();
  where.high = std::min(where.high, last);
  if (!*complete && where.low <= where.high)
    left_.push_back(where);
  return {};
}

expected<std::int64_t> table_rescue::copy_ends() {
  if (auto done = try_span({0, highest_number()}); !done)
    return done.error();
  if (left_.empty())
    return std::int64_t{0};
  const auto [low, high] = left_.front();
  return high < highest_number() ? high : low;
}

expected<void> table_rescue::copy_between(std::int64_t highest) {
  for (auto& where : left_)
    where.high = std::min(where.high, highest);
  for (int tries = 0; tries < rescue_tries_max && !left_.empty(); ++tries) {
    const auto where = left_.front();
    left_.pop_front();
    if (where.low >= where.high)
      continue;
    const auto middle = where.low + (where.high - where.low) / 2;
    for (const auto half : {span{where.low, middle}, span{middle + 1, where.high}}) {
      if (auto done = try_span(half); !done)
        return done;
    }
  }
  return {};
}

}  // namespace libagent
