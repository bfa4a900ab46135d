#include "libagent/adapters/cache_rows.hpp"

#include "libagent/adapters/cache_database.hpp"

#include <array>
#include <chrono>
#include <sqlite3.h>
#include <utility>

namespace libagent {

namespace {

constexpr const char* find_sql =
    "SELECT checksum, stored_at, fresh_until, stale_until, error_until, compute_ns, tokens, "
    "micro_cost, tenant, key, value FROM answers WHERE id=?1";
constexpr const char* insert_answer_sql =
    "INSERT INTO answers VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)";

std::uint64_t unsigned_of(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

std::int64_t signed_of(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::int64_t nanoseconds_of(duration span) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(span).count();
}

/// The answer that the statement stands on; its bytes are valid until the next step.
cache_row row_at(const sqlite_statement& found) {
  const auto compute = std::chrono::nanoseconds{found.integer(5)};
  return {.tenant = found.blob(8),
          .key = found.blob(9),
          .value = found.blob(10),
          .times = {found.integer(1), found.integer(2), found.integer(3), found.integer(4)},
          .saving = {.compute_time = std::chrono::duration_cast<duration>(compute),
                     .tokens = unsigned_of(found.integer(6)),
                     .micro_cost = unsigned_of(found.integer(7))}};
}

expected<std::vector<std::int64_t>> collect_ids(sqlite_statement& query) {
  std::vector<std::int64_t> ids;
  for (;;) {
    auto row = query.step();
    if (!row)
      return std::move(row.error());
    if (!*row)
      return ids;
    ids.push_back(query.integer(0));
  }
}

expected<std::uint64_t> single_count(sqlite_statement& query) {
  auto row = query.step();
  if (!row)
    return std::move(row.error());
  const auto count = *row ? unsigned_of(query.integer(0)) : 0;
  query.reset();
  return count;
}

}  // namespace

cache_rows::cache_rows(sqlite_database database, hash_key secret, std::uint64_t page_bytes)
    : database_{std::move(database)}, secret_{secret}, page_bytes_{page_bytes} {}

expected<cache_rows> cache_rows::over(sqlite_database database) {
  auto page_bytes = database.query_integer("PRAGMA page_size");
  auto k0 = database.query_integer("SELECT k0 FROM about");
  auto k1 = database.query_integer("SELECT k1 FROM about");
  for (auto* read : {&page_bytes, &k0, &k1}) {
    if (!*read && read->error().code == errc::not_found)
      return error{errc::corrupt, "the secret of its hashes is missing"};
    if (!*read)
      return std::move(read->error());
  }
  cache_rows rows{
      std::move(database), {unsigned_of(*k0), unsigned_of(*k1)}, unsigned_of(*page_bytes)};
  if (auto done = rows.prepare_all(); !done)
    return done.error();
  return rows;
}

expected<void> cache_rows::prepare_all() {
  using statement_text = std::pair<sqlite_statement*, const char*>;
  const auto statements = std::to_array<statement_text>(
      {{&find_, find_sql},
       {&insert_answer_, insert_answer_sql},
       {&insert_use_, "INSERT OR REPLACE INTO uses VALUES(?1,?2,?3)"},
       {&remove_answer_, "DELETE FROM answers WHERE id=?1"},
       {&remove_use_, "DELETE FROM uses WHERE id=?1"},
       {&note_use_, "UPDATE uses SET last_use=?2 WHERE id=?1"},
       {&least_recent_, "SELECT id FROM uses ORDER BY last_use LIMIT ?1"},
       {&ended_, "SELECT id FROM uses WHERE ends_at<=?1 ORDER BY ends_at LIMIT ?2"},
       {&page_count_, "PRAGMA page_count"},
       {&unused_count_, "PRAGMA freelist_count"}});
  for (const auto& [statement, sql] : statements) {
    auto prepared = database_.prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

std::int64_t cache_rows::id_of(std::string_view tenant, std::string_view key) const {
  return signed_of(hash_in_tenant(secret_, tenant, key));
}

std::int64_t cache_rows::checksum(std::int64_t id, const cache_row& row) const {
  siphash_1_3 hash{secret_};
  hash.update(unsigned_of(id));
  for (const auto time : {row.times.stored_at, row.times.fresh_until, row.times.stale_until,
                          row.times.error_until, nanoseconds_of(row.saving.compute_time)})
    hash.update(unsigned_of(time));
  hash.update(row.saving.tokens).update(row.saving.micro_cost);
  for (const auto bytes : {row.tenant, row.key, row.value})
    hash.update(std::uint64_t{bytes.size()}).update(bytes);
  return signed_of(hash.digest());
}

expected<found_row> cache_rows::find(std::int64_t id, std::string_view tenant,
                                     std::string_view key) {
  find_.bind(1, id);
  auto stepped = find_.step();
  if (!stepped)
    return std::move(stepped.error());
  found_row found;
  if (!*stepped)
    return found;
  const auto row = row_at(find_);
  if (find_.integer(0) != checksum(id, row)) {
    found.what = found_row::state::damaged;
  } else if (row.tenant == tenant && row.key == key) {
    found = {found_row::state::sound, std::string{row.value}, row.times, row.saving};
  }
  find_.reset();
  return found;
}

expected<void> cache_rows::insert(std::int64_t id, const cache_row& row, std::int64_t use) {
  insert_use_.bind(1, id);
  insert_use_.bind(2, use);
  insert_use_.bind(3, row.times.error_until);
  if (auto done = insert_use_.run(); !done)
    return done;
  insert_answer_.bind(1, id);
  insert_answer_.bind(2, checksum(id, row));
  insert_answer_.bind(3, row.times.stored_at);
  insert_answer_.bind(4, row.times.fresh_until);
  insert_answer_.bind(5, row.times.stale_until);
  insert_answer_.bind(6, row.times.error_until);
  insert_answer_.bind(7, nanoseconds_of(row.saving.compute_time));
  insert_answer_.bind(8, signed_of(row.saving.tokens));
  insert_answer_.bind(9, signed_of(row.saving.micro_cost));
  insert_answer_.bind_blob(10, row.tenant);
  insert_answer_.bind_blob(11, row.key);
  insert_answer_.bind_blob(12, row.value);
  return insert_answer_.run();
}

expected<bool> cache_rows::remove(std::int64_t id) {
  remove_use_.bind(1, id);
  if (auto done = remove_use_.run(); !done)
    return done.error();
  const auto uses_removed = sqlite3_changes(database_.handle());
  remove_answer_.bind(1, id);
  if (auto done = remove_answer_.run(); !done)
    return done.error();
  return uses_removed + sqlite3_changes(database_.handle()) > 0;
}

expected<void> cache_rows::note_use(std::int64_t id, std::int64_t use) {
  note_use_.bind(1, id);
  note_use_.bind(2, use);
  return note_use_.run();
}

expected<std::vector<std::int64_t>> cache_rows::least_recently_used(std::size_t rows_max) {
  least_recent_.bind(1, signed_of(rows_max));
  return collect_ids(least_recent_);
}

expected<std::vector<std::int64_t>> cache_rows::ended(unix_millis now, std::size_t rows_max) {
  ended_.bind(1, now);
  ended_.bind(2, signed_of(rows_max));
  return collect_ids(ended_);
}

expected<std::uint64_t> cache_rows::count() {
  auto count = database_.query_integer("SELECT count(*) FROM uses");
  if (!count)
    return std::move(count.error());
  return unsigned_of(*count);
}

expected<std::int64_t> cache_rows::latest_use() {
  return database_.query_integer("SELECT ifnull(max(last_use), 0) FROM uses");
}

expected<page_counts> cache_rows::pages() {
  auto all = single_count(page_count_);
  if (!all)
    return std::move(all.error());
  auto unused = single_count(unused_count_);
  if (!unused)
    return std::move(unused.error());
  return page_counts{*all, *unused};
}

expected<void> cache_rows::vacuum(std::size_t pages_max) {
  return database_.execute("PRAGMA incremental_vacuum(" + std::to_string(pages_max) + ")");
}

expected<void> cache_rows::checkpoint() {
  return database_.execute("PRAGMA wal_checkpoint(PASSIVE)");
}

expected<void> cache_rows::limit(std::uint64_t bytes_max) {
  return limit_cache_database(database_, bytes_max);
}

expected<void> cache_rows::begin() {
  return database_.execute("BEGIN IMMEDIATE");
}

expected<void> cache_rows::commit() {
  return database_.execute("COMMIT");
}

bool cache_rows::roll_back() {
  const bool was_full = (sqlite3_errcode(database_.handle()) & 0xFF) == SQLITE_FULL;
  // Severe failures roll back by themselves; there is nothing to undo then. If undoing fails, the
  // next `begin` does too, and says why.
  if (sqlite3_get_autocommit(database_.handle()) == 0)
    static_cast<void>(database_.execute("ROLLBACK"));
  return was_full;
}

}  // namespace libagent
