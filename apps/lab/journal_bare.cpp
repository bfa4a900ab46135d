#include "apps/lab/journal_bare.hpp"

#include <sqlite3.h>
#include <utility>

namespace libagent::lab {

namespace {

const char* synchronous_for(journal_sync sync) {
  switch (sync) {
    case journal_sync::none: return "PRAGMA synchronous=OFF";
    case journal_sync::interval: return "PRAGMA synchronous=NORMAL";
    case journal_sync::group: return "PRAGMA synchronous=FULL";
  }
  return "PRAGMA synchronous=FULL";
}

expected<void> run_bare(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return error{errc::io_failed, std::string{sql} + ": " + sqlite3_errmsg(database)};
  return {};
}

}  // namespace

expected<bare_insert_loop> bare_insert_loop::open(const std::filesystem::path& file,
                                                  journal_sync sync) {
  bare_insert_loop made;
  if (sqlite3_open(file.c_str(), &made.database_) != SQLITE_OK)
    return error{errc::io_failed, "open " + file.string()};
  for (const auto* sql : {"PRAGMA journal_mode=WAL", synchronous_for(sync),
                          "CREATE TABLE tasks(seq INTEGER PRIMARY KEY, body BLOB NOT NULL)"}) {
    if (auto done = run_bare(made.database_, sql); !done)
      return done.error();
  }
  if (sqlite3_prepare_v2(made.database_, "INSERT INTO tasks(body) VALUES(?1)", -1, &made.insert_,
                         nullptr) != SQLITE_OK)
    return error{errc::io_failed, sqlite3_errmsg(made.database_)};
  return made;
}

bare_insert_loop::bare_insert_loop(bare_insert_loop&& other) noexcept
    : database_{std::exchange(other.database_, nullptr)},
      insert_{std::exchange(other.insert_, nullptr)} {}

bare_insert_loop& bare_insert_loop::operator=(bare_insert_loop&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(insert_, other.insert_);
  return *this;
}

bare_insert_loop::~bare_insert_loop() {
  sqlite3_finalize(insert_);
  sqlite3_close(database_);
}

expected<void> bare_insert_loop::insert(const std::string& body, std::size_t count) {
  if (auto begun = run_bare(database_, "BEGIN"); !begun)
    return begun;
  for (std::size_t i = 0; i < count; ++i) {
    sqlite3_bind_blob64(insert_, 1, body.data(), body.size(), SQLITE_STATIC);
    if (sqlite3_step(insert_) != SQLITE_DONE)
      return error{errc::io_failed, sqlite3_errmsg(database_)};
    sqlite3_reset(insert_);
  }
  return run_bare(database_, "COMMIT");
}

}  // namespace libagent::lab
